using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Tests.Directory;

/// <summary>Rows that are read where they lie: the same are rows as those that are read and encoded again.</summary>
public sealed class RowViewSpecs
{
    private static readonly RowHeader Header = new(
        Name.Parse("prod"), Name.Parse("acme"), Name.Parse("db-1"), 12, CredentialKind.KeyPair, 3, 9);

    [Fact]
    public void View_should_show_what_the_row_is()
    {
        var row = Row(Header);
        var view = RowView.Read(row.Encode());

        Assert.True(view.Header.SequenceEqual(row.Header.Span));
        Assert.True(view.Salt.SequenceEqual(row.Salt.Span));
        Assert.True(view.Commitment.SequenceEqual(row.Commitment.Span));
        Assert.True(view.Ciphertext.SequenceEqual(row.Ciphertext.Span));
        Assert.Equal((12u, 3u, 9u), (view.Version, view.Epoch, view.Length));
        Assert.True(view.IsOf(Header.Cluster, Header.Customer));
        Assert.False(view.IsOf(Header.Customer, Header.Customer));
        Assert.False(view.IsOf(Header.Cluster, Name.Parse("acm")));
        Assert.Equal((Header with { Epoch = 4 }).Encode(), view.HeaderUnder(4));
        Assert.Equal(row.Encode(), RowView.Encode(view.Header, view.Salt, view.Commitment, view.Ciphertext));
    }

    [Theory]
    [InlineData("row", "db-1/12", true)]
    [InlineData("row", "db-1/1", false)]
    [InlineData("row", "db-1/012", false)]
    [InlineData("row", "db-1/120", false)]
    [InlineData("row", "db-12", false)]
    [InlineData("row", "db-1", false)]
    [InlineData("row", "db-2/12", false)]
    [InlineData("row", "db/12", false)]
    [InlineData("credential", "db-1/12", false)]
    public void View_should_stand_at_its_own_key_only(string type, string id, bool stands) =>
        Assert.Equal(stands, RowView.Read(Row(Header).Encode()).StandsAt(new EntryKey(type, id)));

    [Fact]
    public void Views_should_be_the_same_but_for_the_epoch_and_nothing_else()
    {
        Assert.True(IsSame(Header with { Epoch = 4 }));
        Assert.False(IsSame(Header with { Cluster = Name.Parse("test") }));
        Assert.False(IsSame(Header with { Customer = Name.Parse("acmf") }));
        Assert.False(IsSame(Header with { Credential = Name.Parse("db-2") }));
        Assert.False(IsSame(Header with { Version = 13 }));
        Assert.False(IsSame(Header with { Kind = CredentialKind.DiskKey }));
        Assert.False(IsSame(Header with { Length = 10 }));

        static bool IsSame(RowHeader other) => RowView.Read(Row(Header).Encode()).IsSameButForEpoch(RowView.Read(Row(other).Encode()));
    }

    [Fact]
    public void Bytes_should_be_a_row_just_where_they_are_one_to_the_statements()
    {
        var encoding = Row(Header).Encode();
        var rows = Altered(encoding).Count(bytes =>
        {
            var isRow = IsRow(() => _ = (Statement.Read<StoredRow>(bytes), StoredRow.ReadHeader(bytes)));
            Assert.Equal(isRow, IsRow(() => _ = RowView.Read(bytes)));
            return isRow;
        });

        // Those that differ in salt, commitment, ciphertext, numbers and letters of names.
        Assert.InRange(rows, 9 * 80, 9 * encoding.Length * 3 / 4);
    }

    // Each byte changed in nine ways, each cut, and something behind.
    private static IEnumerable<byte[]> Altered(byte[] encoding)
    {
        for (var at = 0; at < encoding.Length; at++)
        {
            yield return encoding[..at];
            foreach (var with in (byte[])[1, 2, 4, 8, 16, 32, 64, 128, 255])
            {
                var bytes = encoding.ToArray();
                bytes[at] ^= with;
                yield return bytes;
            }
        }

        yield return [.. encoding, 0];
    }

    private static bool IsRow(Action read)
    {
        try
        {
            read();
            return true;
        }
        catch (MalformedException)
        {
            return false;
        }
    }

    private static StoredRow Row(RowHeader header) => new(
        header.Encode(), Digest.Of([1]).ToArray(), Digest.Of([2]).ToArray(), new byte[header.Length + 16]);
}
