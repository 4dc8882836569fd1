using Broker.Protocol.Backup;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Tests.Backup;

public sealed class BackupManifestSpecs
{
    private static readonly BackupProof Proof = new(new Signed(new byte[] { 1, 2 }, new byte[64]), "db/1", new byte[] { 3 }, new byte[32]);

    [Fact]
    public void Manifest_should_be_read_as_it_was_written()
    {
        var text = new StringWriter();
        var rows = BackupManifest.Write(
            text, Name.Parse("here"), 2,
            [(Name.Parse("acme"), Proof), (Name.Parse("other"), Proof with { Id = "", Row = default, Proof = default })]);

        var lines = text.ToString().TrimEnd('\n').Split('\n');
        Assert.Equal((1, 3), (rows, lines.Length));
        Assert.Equal((Name.Parse("here"), 2), BackupManifest.ReadFirst(lines[0]));
        var (customer, proof) = BackupManifest.ReadLine(lines[1]);
        Assert.Equal((Name.Parse("acme"), true), (customer, proof.AsSpan().SequenceEqual(Proof.Encode())));
        Assert.False(Statement.Read<BackupProof>(BackupManifest.ReadLine(lines[2]).Proof).HasRow);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("broker-backup-manifest/2 here 1")]
    [InlineData("broker-backup-manifest/1 here")]
    [InlineData("broker-backup-manifest/1 HERE 1")]
    [InlineData("broker-backup-manifest/1 here -1")]
    [InlineData("broker-backup-manifest/1 here 1 1")]
    public void What_is_no_manifest_should_be_refused(string? line) =>
        Assert.Throws<MalformedException>(() => BackupManifest.ReadFirst(line));

    [Theory]
    [InlineData("")]
    [InlineData("acme")]
    [InlineData("acme !!!")]
    [InlineData("acme AAAA")]
    [InlineData("ACME AAAA")]
    public void What_is_no_line_should_be_refused(string line) => Assert.Throws<MalformedException>(() => BackupManifest.ReadLine(line));
}
