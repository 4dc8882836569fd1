using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Secrets.Tests;

public sealed class ShareTamperingSpecs : GaugedSpecs
{
    private readonly Custody _custody;

    public ShareTamperingSpecs() => _custody = Keep(new Custody(Keep(Custody.NewSecret(Custody.Acme)), 2, 3));

    [Fact]
    public void Every_flipped_byte_should_be_malformed_or_not_signed()
    {
        using var plain = _custody.Unseal(0, 0);
        for (var at = 0; at < plain.Length; at++)
        {
            foreach (var bit in (byte[])[0x01, 0x10, 0x80])
            {
                plain.Span[at] ^= bit;
                Assert.False(IsGood(plain.Span), $"bit {bit:x2} of byte {at} was flipped");
                plain.Span[at] ^= bit;
            }
        }

        Assert.True(IsGood(plain.Span));
    }

    [Fact]
    public void Every_other_length_should_be_malformed_and_wiped()
    {
        using var plain = _custody.Unseal(0, 0);
        for (var length = 0; length < plain.Length; length++)
            AssertMalformed(plain.Span[..length]);
        AssertMalformed([.. plain.Span, 0]);
        AssertMalformed([0, .. plain.Span]);
    }

    [Theory]
    [InlineData(2, 3, 0)]
    [InlineData(2, 3, 4)]
    [InlineData(1, 3, 1)]
    [InlineData(0, 3, 1)]
    [InlineData(4, 3, 1)]
    [InlineData(2, 256, 1)]
    [InlineData(2, 300, 257)]
    [InlineData(uint.MaxValue, uint.MaxValue, uint.MaxValue)]
    public void Numbers_out_of_range_should_be_malformed_whoever_signed_them(uint threshold, uint count, uint index) =>
        AssertMalformed(SelfMade(threshold, count, index));

    [Fact]
    public void Self_made_share_should_be_signed_by_no_identity_but_its_own()
    {
        using var forged = ShareRecord.Take(SecretBuffer.CopyOf(SelfMade(2, 3, 1)));

        Assert.True(forged.IsSigned);
        Assert.NotEqual(_custody.Secret.Identity, forged.Identity);
    }

    /// <summary>A record that somebody made with a key of their own.</summary>
    private static byte[] SelfMade(uint threshold, uint count, uint index)
    {
        using var key = P256PrivateKey.Generate(SystemRandom.Fill);
        var statement = Independent.Enc(
            "broker/share/1", Independent.Text("cluster-1"), Independent.Text("acme"), Independent.U32(1), new byte[16],
            Independent.U32(threshold), Independent.U32(count), Independent.U32(index), key.PublicKey, new byte[32]);
        var signature = new byte[PublicKey.SignatureLength];
        key.Sign(statement, signature);
        return [.. statement, .. signature];
    }

    private static void AssertMalformed(ReadOnlySpan<byte> bytes)
    {
        var record = SecretBuffer.CopyOf(bytes);
        Assert.Throws<MalformedException>(() => ShareRecord.Take(record));
        Assert.True(record.IsEmptied);
    }

    private static bool IsGood(ReadOnlySpan<byte> bytes)
    {
        try
        {
            using var record = ShareRecord.Take(SecretBuffer.CopyOf(bytes));
            return record.IsSigned;
        }
        catch (MalformedException)
        {
            return false;
        }
    }
}
