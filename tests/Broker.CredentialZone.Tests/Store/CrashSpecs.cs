using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Sqlite;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Ledger;
using Broker.CredentialZone.Tests.Support;
using Broker.Protocol.Directory;
using Broker.Protocol.Ledger;

namespace Broker.CredentialZone.Tests.Store;

/// <summary>
/// A copy of the files at a moment is what a killed process leaves: pages that reached the system, nothing of its memory.
/// </summary>
public sealed class CrashSpecs : IDisposable
{
    private readonly ZoneUnderTest _zone = new(ZoneUnderTest.Sqlite);

    public void Dispose() => _zone.Dispose();

    [Fact]
    public void Kill_before_any_statement_should_leave_all_of_the_batch_or_nothing()
    {
        var customer = _zone.Ready();
        var call = customer.Call(customer.Launch());
        var copies = new List<string>();
        ((SqliteZoneDatabase)_zone.Database).BeforeStatement = _ => copies.Add(Copy());
        var (release, commit) = (new ReleaseRows(call), customer.Commit([customer.Credential("db", 2), customer.Row("db", 2)]));
        _zone.Store.Commit([release, commit, customer.Append(call, HandOffState.Acknowledged)]);
        ((SqliteZoneDatabase)_zone.Database).BeforeStatement = null;
        copies.Add(Copy());
        Assert.True(copies.Count > 20, $"{copies.Count} statements");

        var states = copies.ConvertAll(directory =>
        {
            using var killed = new ZoneUnderTest(ZoneUnderTest.Sqlite, directory, ledger: _zone.LedgerKey, time: _zone.Time);
            var blocks = LedgerWalker.Walk(killed.Store, ZoneUnderTest.Cluster, customer.Name.Value, _zone.LedgerKey.Key);
            var state = killed.Store.Customer(customer.Name)!;
            var handOff = killed.Store.HandOff(customer.Name, call.HandOff);
            var row = killed.Store.ReadEntries(customer.Name, [EntryKey.Row(TestCustomer.N("db"), 2)])!.Entries[0];
            Assert.Equal(new LedgerPoint((ulong)blocks.Count, LedgerWalker.LastHash(blocks)), state.Ledger);
            var all = (6, 3ul, HandOffState.Acknowledged, true, 1u);
            var seen = (blocks.Count, state.Customer.Head.Counter, handOff?.HandOff.State, row.Value != default, state.Customer.OpenUses);
            Assert.True(seen == all || seen == (3, 2ul, null, false, 0u), $"{seen}");

            // What was lost can be done now, what was kept is found.
            var again = killed.Do(new ReleaseRows(call with { ExpectedCounter = state.Customer.Head.Counter }));
            Assert.Equal(seen == all, again is ReleaseResult.Ended);
            return seen == all;
        });
        copies.ForEach(directory => Directory.Delete(directory, recursive: true));
        Assert.True(states[^1]);
        Assert.Equal(states.Order(), states);
        Assert.Contains(false, states);
    }

    [Fact]
    public void Fault_at_any_statement_should_end_every_operation_and_lose_nothing()
    {
        var customer = _zone.Ready();
        var database = (SqliteZoneDatabase)_zone.Database;
        var kept = 3;
        for (var at = 0; ; at++)
        {
            var statements = 0;
            var fail = at;
            database.BeforeStatement = sql =>
            {
                if (statements++ == fail)
                {
                    throw new StoreException("cut before: " + sql);
                }
            };
            var (a, b) = (new ReleaseRows(customer.Call(customer.Launch())), new ReleaseRows(customer.Call(customer.Launch())));
            _zone.Store.Commit([a, b]);
            var reached = statements > at;
            database.BeforeStatement = null;
            Assert.True(a.Result.IsCompleted && b.Result.IsCompleted);
            kept += (a.Result.IsCompletedSuccessfully ? 1 : 0) + (b.Result.IsCompletedSuccessfully ? 1 : 0);
            Assert.Equal(kept, LedgerWalker.Walk(_zone.Store, ZoneUnderTest.Cluster, customer.Name.Value, _zone.LedgerKey.Key).Count);
            Assert.Equal(kept - 3, _zone.Store.HandOffs(customer.Name, openOnly: true, null, 250).Count);
            Assert.Equal((uint)(kept - 3), _zone.Store.Customer(customer.Name)!.Customer.OpenHandOffs);
            if (!reached)
            {
                Assert.True(at > 10, $"only {at} statements");
                return;
            }

            Assert.True(a.Result.IsFaulted || b.Result.IsFaulted);
        }
    }

    [Fact]
    public void Full_store_should_be_told_and_lose_nothing()
    {
        const long Room = 400 * 1024;
        using var zone = new ZoneUnderTest(directory =>
            SqliteZoneDatabase.Open(new SqliteOptions(Path.Combine(directory, "zone.db"), Readers: 1, MaxBytes: Room)));
        var customer = zone.Ready();
        var (kept, full) = (3, 0);
        for (var i = 0; i < 900 && full < 3; i++)
        {
            var release = new ReleaseRows(customer.Call(customer.Launch()));
            zone.Store.Commit([release]);
            if (release.Result.IsCompletedSuccessfully)
            {
                kept++;
                continue;
            }

            Assert.IsType<StoreFullException>(release.Result.Exception!.InnerException);
            full++;
        }

        Assert.Equal(3, full);
        Assert.Equal(kept, LedgerWalker.Walk(zone.Store, ZoneUnderTest.Cluster, customer.Name.Value, zone.LedgerKey.Key).Count);
        zone.Reopen();
        Assert.Equal(kept, LedgerWalker.Walk(zone.Store, ZoneUnderTest.Cluster, customer.Name.Value, zone.LedgerKey.Key).Count);
        Assert.Equal((uint)(kept - 3), zone.Store.Customer(customer.Name)!.Customer.OpenHandOffs);
    }

    [Fact]
    public void Second_process_should_be_kept_out()
    {
        var fault = Assert.Throws<StoreException>(() => ZoneUnderTest.Sqlite(_zone.DirectoryPath));
        Assert.Contains("another process", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Database_of_another_version_or_cluster_should_not_be_opened()
    {
        var customer = _zone.Ready();
        _zone.Store.Dispose();
        using (var raw = new SqliteConnectionHandle(Path.Combine(_zone.DirectoryPath, "zone.db"), readOnly: false))
        {
            raw.Script("UPDATE meta SET value = x'00000063' WHERE key = 'schema-version'");
        }

        Assert.Contains(
            "version", Assert.Throws<StoreException>(() => ZoneUnderTest.Sqlite(_zone.DirectoryPath)).Message, StringComparison.Ordinal);
        using (var raw = new SqliteConnectionHandle(Path.Combine(_zone.DirectoryPath, "zone.db"), readOnly: false))
        {
            raw.Script("UPDATE meta SET value = x'00000003' WHERE key = 'schema-version'");
            raw.Script("UPDATE meta SET value = x'6F74686572' WHERE key = 'cluster'");
        }

        Assert.Contains("cluster", Assert.Throws<StoreException>(() => _zone.Reopen()).Message, StringComparison.Ordinal);
        _ = customer;
    }

    [Fact]
    public void Database_of_the_version_before_should_be_brought_here_with_the_epochs_of_its_rows()
    {
        var customer = _zone.Ready();
        _zone.Store.Dispose();
        using (var raw = new SqliteConnectionHandle(Path.Combine(_zone.DirectoryPath, "zone.db"), readOnly: false))
        {
            raw.Script(
                """
                DROP INDEX entries_place;
                ALTER TABLE entries DROP COLUMN epoch;
                UPDATE meta SET value = x'00000001' WHERE key = 'schema-version';
                """);
        }

        _zone.Reopen();

        Assert.Equal(
            ["db/1"], _zone.Database.Read(t => t.OldRows(customer.Name, before: 2, skip: 0, limit: 10)).Select(static r => r.Key.Id));
        Assert.Equal((1ul, 0ul), _zone.Database.Read(t => t.CountRows(customer.Name, before: 1)));
        _zone.Do(customer.Commit([customer.Row("db", 2)]));
    }

    [Fact]
    public void Files_should_be_for_their_owner_only()
    {
        _zone.Ready();
        foreach (var file in Directory.GetFiles(_zone.DirectoryPath))
        {
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            }
        }
    }

    private string Copy()
    {
        var directory = Directory.CreateTempSubdirectory("zone-killed-").FullName;
        foreach (var name in new[] { "zone.db", "zone.db-wal" })
        {
            File.Copy(Path.Combine(_zone.DirectoryPath, name), Path.Combine(directory, name));
        }

        return directory;
    }
}
