using Broker.CredentialZone.Operations;
using Broker.Host;
using Broker.Protocol.Backup;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Tests.Backup;

public sealed class BackupSpecs : IDisposable
{
    private readonly StoredZone _zone = new();

    public void Dispose() => _zone.Dispose();

    [Fact]
    public void Backup_of_a_running_zone_should_be_verified_and_say_what_was_not()
    {
        _zone.Customer("acme");
        _zone.Customer("other");

        Assert.Equal(ExitCodes.Ok, _zone.Run("backup", ("--to", _zone.Path("copy.db"))));

        Assert.Contains("of 2 customers", _zone.Said, StringComparison.Ordinal);
        Assert.Contains("not opened 2 rows of 2 customers", _zone.Said, StringComparison.Ordinal);
        Assert.Contains("ok         " + _zone.Path("copy.db"), _zone.Said, StringComparison.Ordinal);
        Assert.False(File.Exists(_zone.Path("copy.db.partial")));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_zone.Path("copy.db")));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_zone.Path("copy.db.manifest")));
        }

        // What the zone has no key for goes to those who have.
        var lines = File.ReadAllLines(_zone.Path("copy.db.manifest"));
        Assert.Equal(($"{BackupManifest.Version1} test 2", 3), (lines[0], lines.Length));
        foreach (var line in lines[1..])
        {
            var proof = Statement.Read<BackupProof>(BackupManifest.ReadLine(line).Proof);
            var key = new EntryKey(EntryKey.RowType, proof.Id);
            Assert.True(TreeProof.Parse(proof.Proof.Span).LeadsTo(
                proof.Head.Read<CustomerHead>().Root, key.LeafKey, TreeHash.Leaf(key.LeafKey, Digest.Of(proof.Row.Span))));
        }

        Assert.Contains("brokerctl backup verify --manifest", _zone.Said, StringComparison.Ordinal);

        // The zone went on meanwhile, and goes on.
        _zone.Customer("third");
        Assert.Equal(ExitCodes.Ok, _zone.Run("verify"));
        Assert.Contains("of 3 customers", _zone.Said, StringComparison.Ordinal);
    }

    [Fact]
    public void Backup_should_replace_nothing_and_leave_nothing_behind()
    {
        File.WriteAllText(_zone.Path("copy.db"), "precious");

        Assert.Equal(ExitCodes.Start, _zone.Run("backup", ("--to", _zone.Path("copy.db"))));
        Assert.Equal("precious", File.ReadAllText(_zone.Path("copy.db")));

        Assert.Equal(ExitCodes.Start, _zone.Run("backup", ("--to", _zone.Path("none/copy.db"))));
        Assert.Contains("none", _zone.Said, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Backup_to_a_full_disk_should_say_so_and_leave_nothing_behind()
    {
        Skip.IfNot(File.Exists("/dev/full") && Directory.Exists("/sys/fs"), "needs a file system without space");
        _zone.Customer("acme");

        // A file system that has no byte to give.
        Assert.Equal(ExitCodes.Start, _zone.Run("backup", ("--to", "/sys/fs/copy.db")));
        Assert.Contains("are free", _zone.Said, StringComparison.Ordinal);
    }

    [Fact]
    public void Backup_of_an_altered_store_should_not_be_made()
    {
        var customer = _zone.Customer("acme");
        _zone.Sql($"UPDATE entries SET statement = zeroblob(10) WHERE customer = '{customer.Name}' AND type = 'row'");

        Assert.Equal(ExitCodes.Unverified, _zone.Run("backup", ("--to", _zone.Path("copy.db"))));

        Assert.Contains("ALTERED    customer acme: entry-altered", _zone.Said, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_zone.Path(""), "copy.db*"));
    }

    [Fact]
    public void Restore_should_bring_back_what_was_saved_and_keep_what_was_there()
    {
        var customer = _zone.Customer("acme");
        _zone.Run("backup", ("--to", _zone.Path("copy.db")));
        _zone.Customer("later");

        Assert.Equal(ExitCodes.Start, _zone.Run("restore", ("--from", _zone.Path("copy.db")), ("--replace", "")));
        Assert.Contains("stop the other one", _zone.Said, StringComparison.Ordinal);
        _zone.Close();
        Assert.Equal(ExitCodes.Start, _zone.Run("restore", ("--from", _zone.Path("copy.db"))));
        Assert.Contains("add --replace", _zone.Said, StringComparison.Ordinal);

        Assert.Equal(ExitCodes.Ok, _zone.Run("restore", ("--from", _zone.Path("copy.db")), ("--replace", "")));

        Assert.Contains($"acme  head {customer.Counter}", _zone.Said, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(_zone.Path(""), "zone.db.before-*"), f => !f.EndsWith("-wal", StringComparison.Ordinal) &&
            !f.EndsWith("-shm", StringComparison.Ordinal));
        _zone.Reopen();
        Assert.Equal(["acme"], _zone.Store!.Customers("", 10).Select(c => c.Value));
        _zone.Do(new KeepHouse(TestName));
        Assert.Equal(ExitCodes.Ok, _zone.Run("verify"));
    }

    [Fact]
    public void Restore_of_an_altered_backup_should_be_refused()
    {
        var customer = _zone.Customer("acme");
        _zone.Run("backup", ("--to", _zone.Path("copy.db")));
        _zone.Close();
        _zone.Sql($"UPDATE customers SET lifted_generation = lock_generation WHERE customer = '{customer.Name}'", _zone.Path("copy.db"));
        var before = File.ReadAllBytes(_zone.Database);

        Assert.Equal(ExitCodes.Unverified, _zone.Run("restore", ("--from", _zone.Path("copy.db")), ("--replace", "")));

        Assert.Contains("lock-altered", _zone.Said, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(_zone.Database));
        Assert.Equal(ExitCodes.Start, _zone.Run("restore", ("--from", _zone.Path("root.crt")), ("--replace", "")));
        Assert.Equal(ExitCodes.Start, _zone.Run("restore", ("--from", _zone.Path("nothing")), ("--replace", "")));
    }

    private static Name TestName => Name.Parse("zone-1");
}
