using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;

namespace Broker.Secrets.Tests;

[Trait("Invariant", "I8")]
public sealed class RowTamperingSpecs : GaugedSpecs
{
    private static readonly Name Elsewhere = Name.Parse("elsewhere");

    private readonly CustomerSecret _secret;
    private readonly StoredRow _row;

    public RowTamperingSpecs()
    {
        _secret = Keep(Custody.NewSecret(Custody.Acme));
        _row = RowCipher.Seal(_secret, Rows.Header(6), "secret"u8, SystemRandom.Fill);
    }

    /// <summary>Each field of the header changed.</summary>
    public static TheoryData<string, Func<RowHeader, RowHeader>> Fields => new()
    {
        { "cluster", static h => h with { Cluster = Elsewhere } },
        { "customer", static h => h with { Customer = Custody.Other } },
        { "credential", static h => h with { Credential = Elsewhere } },
        { "version", static h => h with { Version = 2 } },
        { "kind", static h => h with { Kind = CredentialKind.Opaque } },
        { "epoch", static h => h with { Epoch = 2 } },
        { "length", static h => h with { Length = 5 } },
    };

    [Theory]
    [MemberData(nameof(Fields))]
    public void Row_that_says_it_is_of_elsewhere_should_be_in_the_wrong_place(string field, Func<RowHeader, RowHeader> change)
    {
        Assert.NotEmpty(field);
        Assert.Equal(RowFailure.WrongPlace, Open(_row with { Header = change(Rows.Header(6)).Encode() }));
    }

    [Theory]
    [InlineData("credential")]
    [InlineData("version")]
    [InlineData("kind")]
    [InlineData("length")]
    public void Row_relabelled_to_where_it_is_put_should_be_altered(string field)
    {
        var (header, entry, row) = (Rows.Header(6), Rows.Entry, _row);
        (header, entry, row) = field switch
        {
            "credential" => (header with { Credential = Elsewhere }, entry with { Credential = Elsewhere }, row),
            "version" => (header with { Version = 4 }, entry, row),
            "kind" => (header with { Kind = CredentialKind.Opaque }, entry with { Kind = CredentialKind.Opaque }, row),
            _ => (header with { Length = 5 }, entry, row with { Ciphertext = row.Ciphertext[1..] }),
        };

        Assert.Equal(RowFailure.Altered, Open(row with { Header = header.Encode() }, entry, header.Version));
    }

    [Fact]
    public void Row_of_another_key_or_epoch_should_be_told_from_an_altered_one()
    {
        using var customer = Custody.NewSecret(Custody.Acme);
        using var epoch = Custody.NewSecret(Custody.Acme, epoch: 2);
        var relabelled = _row with { Header = (Rows.Header(6) with { Epoch = 2 }).Encode() };

        Assert.Equal(RowFailure.WrongKey, Open(_row, by: customer));
        Assert.Equal(RowFailure.WrongPlace, Open(_row, by: epoch));
        Assert.Equal(RowFailure.WrongKey, Open(relabelled, by: epoch));
        Assert.Equal(RowFailure.WrongPlace, RowCipher.TryOpen(_secret, _row, Rows.Entry, 4, out _));
        Assert.Equal(RowFailure.None, Open(_row));
    }

    [Fact]
    public void Every_flipped_byte_should_be_refused_for_its_reason()
    {
        for (var bit = 1; bit < 256; bit <<= 1)
        {
            AssertAll(_row.Salt, salt => _row with { Salt = salt }, bit, RowFailure.WrongKey);
            AssertAll(_row.Commitment, commitment => _row with { Commitment = commitment }, bit, RowFailure.WrongKey);
            AssertAll(_row.Ciphertext, ciphertext => _row with { Ciphertext = ciphertext }, bit, RowFailure.Altered);
            AssertAll(_row.Header, header => _row with { Header = header }, bit, RowFailure.WrongPlace);
        }
    }

    [Fact]
    public void Every_other_length_of_a_part_should_be_refused()
    {
        var longer = (ReadOnlyMemory<byte> part) => (ReadOnlyMemory<byte>)(byte[])[.. part.Span, 0];

        Assert.Equal(RowFailure.WrongKey, Open(_row with { Salt = _row.Salt[1..] }));
        Assert.Equal(RowFailure.WrongKey, Open(_row with { Salt = longer(_row.Salt) }));
        Assert.Equal(RowFailure.WrongKey, Open(_row with { Commitment = _row.Commitment[..^1] }));
        Assert.Equal(RowFailure.WrongKey, Open(_row with { Commitment = ReadOnlyMemory<byte>.Empty }));
        Assert.Equal(RowFailure.WrongKey, Open(_row with { Commitment = longer(_row.Commitment) }));
        Assert.Equal(RowFailure.WrongPlace, Open(_row with { Header = longer(_row.Header) }));
        Assert.Equal(RowFailure.WrongPlace, Open(_row with { Ciphertext = longer(_row.Ciphertext) }));
        for (var length = 0; length < _row.Ciphertext.Length; length++)
            Assert.Equal(RowFailure.WrongPlace, Open(_row with { Ciphertext = _row.Ciphertext[..length] }));
        for (var length = 0; length < _row.Header.Length; length++)
            Assert.Equal(RowFailure.WrongPlace, Open(_row with { Header = _row.Header[..length] }));
    }

    [Fact]
    public void Parts_of_two_writes_should_not_mix()
    {
        var other = RowCipher.Seal(_secret, Rows.Header(6), "Secret"u8, SystemRandom.Fill);

        Assert.Equal(RowFailure.WrongKey, Open(_row with { Salt = other.Salt }));
        Assert.Equal(RowFailure.WrongKey, Open(_row with { Commitment = other.Commitment }));
        Assert.Equal(RowFailure.Altered, Open(_row with { Ciphertext = other.Ciphertext }));
        Assert.Equal(RowFailure.Altered, Open(_row with { Salt = other.Salt, Commitment = other.Commitment }));
    }

    private void AssertAll(ReadOnlyMemory<byte> part, Func<ReadOnlyMemory<byte>, StoredRow> rowWith, int bit, RowFailure expected)
    {
        var bytes = part.ToArray();
        for (var at = 0; at < bytes.Length; at++)
        {
            bytes[at] ^= (byte)bit;
            Assert.Equal(expected, Open(rowWith(bytes)));
            bytes[at] ^= (byte)bit;
        }
    }

    private RowFailure Open(StoredRow row, CredentialEntry? entry = null, uint version = 3, CustomerSecret? by = null)
    {
        var failure = RowCipher.TryOpen(by ?? _secret, row, entry ?? Rows.Entry, version, out var plaintext);
        Assert.Equal(failure == RowFailure.None, plaintext is not null);
        plaintext?.Dispose();
        return failure;
    }
}
