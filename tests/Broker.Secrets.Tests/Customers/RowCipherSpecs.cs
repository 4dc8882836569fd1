using Broker.Protocol.Directory;

namespace Broker.Secrets.Tests;

public sealed class RowCipherSpecs : GaugedSpecs
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(1 << 20)]
    public void Row_should_open_to_what_was_sealed(int length)
    {
        using var secret = Custody.NewSecret(Custody.Acme);
        using var plaintext = SecretBuffer.Allocate(length);
        SystemRandom.Fill(plaintext.Span);

        var row = RowCipher.Seal(secret, Rows.Header(length), plaintext.Span, SystemRandom.Fill);

        Assert.Equal(RowFailure.None, RowCipher.TryOpen(secret, row, Rows.Entry, 3, out var opened));
        using (opened)
            Assert.True(opened!.FixedTimeEquals(plaintext.Span));
        Assert.Equal(length + AesGcm256.TagSize, row.Ciphertext.Length);
    }

    [Fact]
    public void Row_should_be_the_construction_of_the_protocol()
    {
        var random = new RecordingRandom(2);
        using var secret = CustomerSecret.Create(Custody.Cluster, Custody.Acme, 1, random.Fill);

        var row = RowCipher.Seal(secret, Rows.Header(6), "secret"u8, random.Fill);

        var header = Independent.Enc(
            "broker/row/1", Independent.Text("cluster-1"), Independent.Text("acme"), Independent.Text("database"), Independent.U32(3),
            Independent.Text("password"), Independent.U32(1), Independent.U32(6));
        var keys = Independent.Expand(random.Fills[0], Independent.Enc("broker/row-key/1", random.Fills[1]), 64);
        Assert.Equal(header, row.Header);
        Assert.Equal(random.Fills[1], row.Salt);
        Assert.Equal(keys[32..], row.Commitment.ToArray());
        Assert.Equal("secret"u8, Independent.Open(keys[..32], row.Ciphertext.Span, header));
    }

    [Fact]
    public void Each_write_should_have_a_salt_and_so_a_key_of_its_own()
    {
        const int Writes = 500;
        var random = new RecordingRandom(3);
        using var secret = CustomerSecret.Create(Custody.Cluster, Custody.Acme, 1, random.Fill);
        var salts = new List<string>();
        var (commitments, ciphertexts) = (new HashSet<string>(), new HashSet<string>());
        for (var i = 0; i < Writes; i++)
        {
            var row = RowCipher.Seal(secret, Rows.Header(6), "secret"u8, random.Fill);
            salts.Add(Convert.ToHexString(row.Salt.Span));
            Assert.True(commitments.Add(Convert.ToHexString(row.Commitment.Span)));
            Assert.True(ciphertexts.Add(Convert.ToHexString(row.Ciphertext.Span)));
        }

        // The salt is all that a write draws, whole and unchanged: with 32 bytes of the system's randomness it never comes again.
        Assert.Equal(
            [CustomerSecret.Length, .. Enumerable.Repeat(StoredRow.SaltLength, Writes)], random.Fills.Select(static f => f.Length));
        Assert.Equal(random.Fills.Skip(1).Select(Convert.ToHexString), salts);
    }

    [Fact]
    public void Header_of_another_secret_or_plaintext_should_not_be_sealed()
    {
        using var secret = Custody.NewSecret(Custody.Acme);
        RowHeader[] wrong =
        [
            Rows.Header(6) with { Cluster = Custody.Other },
            Rows.Header(6) with { Customer = Custody.Other },
            Rows.Header(6) with { Epoch = 2 },
            Rows.Header(7),
        ];

        Assert.All(wrong, header => Assert.Throws<ArgumentException>(() =>
            RowCipher.Seal(secret, header, "secret"u8, SystemRandom.Fill)));
    }

    [Fact]
    [Trait("Invariant", "I10")]
    public void Credential_over_the_limit_should_not_be_sealed()
    {
        using var secret = Custody.NewSecret(Custody.Acme);
        const int Length = CredentialKinds.MaxLength + 1;

        Assert.Throws<ArgumentException>(() => RowCipher.Seal(secret, Rows.Header(Length), new byte[Length], SystemRandom.Fill));
    }
}
