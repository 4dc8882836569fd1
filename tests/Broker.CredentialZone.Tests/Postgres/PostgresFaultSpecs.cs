using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Postgres;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Ledger;
using Broker.CredentialZone.Tests.Support;
using Broker.Protocol.Ledger;
using Broker.TestKit;
using Npgsql;

namespace Broker.CredentialZone.Tests.Postgres;

/// <summary>Connections that break, transactions that the server ends: before the commit done again, at the commit unknown.</summary>
public sealed class PostgresFaultSpecs : IDisposable
{
    private readonly ZoneUnderTest _zone = new(PostgresTests.Open);

    private PostgresDatabase Database => (PostgresDatabase)_zone.Database;

    private string Name => PostgresTests.Options(_zone.DirectoryPath).Database;

    public void Dispose() => _zone.Dispose();

    [SkippableFact]
    public void Connection_lost_in_the_middle_of_a_batch_should_lose_and_repeat_nothing()
    {
        var customer = _zone.Ready();
        var (before, cut, after) = (
            new ReleaseRows(customer.Call(customer.Launch())), new Doing(customer.Name.Value, Once(Cut)),
            new ReleaseRows(customer.Call(customer.Launch())));
        _zone.Store.Commit([before, cut, after]);

        foreach (var release in new[] { before, after })
        {
            var done = Assert.IsType<StoreResult<ReleaseResult>.Done>(ZoneUnderTest.Ended(release));
            Assert.False(Assert.IsType<ReleaseResult.Released>(done.Value).Again);
        }

        Assert.Equal(2, cut.Runs);
        Assert.Equal(5, Blocks(customer));
        Assert.Equal(2u, _zone.Store.Customer(customer.Name)!.Customer.OpenHandOffs);
    }

    [SkippableFact]
    public void What_follows_in_a_batch_whose_connection_went_should_not_run_outside_its_transaction()
    {
        var customer = _zone.Ready();
        var (gone, release) = (
            new Doing(customer.Name.Value, Once(Database.Session.Dispose)), new ReleaseRows(customer.Call(customer.Launch())));
        var batches = PostgresServer.Needed().Value(Name, "SELECT count(*) FROM batches");
        _zone.Store.Commit([gone, release]);

        Assert.IsType<StoreResult<ReleaseResult>.Done>(ZoneUnderTest.Ended(release));
        Assert.Equal((2, 4), (gone.Runs, Blocks(customer)));
        Assert.Equal((long)batches! + 1, PostgresServer.Needed().Value(Name, "SELECT count(*) FROM batches"));
    }

    [SkippableFact]
    public void Connections_lost_again_and_again_should_end_as_nothing_kept()
    {
        var customer = _zone.Ready();
        var runs = 0;
        var cut = new Doing(customer.Name.Value, () =>
        {
            Cut();
            if (++runs == 3)
            {
                _zone.Time.Pass(Database.Patience);
            }
        });
        var release = new ReleaseRows(customer.Call(customer.Launch()));
        _zone.Store.Commit([release, cut]);

        Assert.IsType<TransientStoreException>(release.Result.Exception!.InnerException);
        Assert.Equal(3, cut.Runs);
        Assert.Equal(3, Blocks(customer));
        _zone.Do(new ReleaseRows(customer.Call(customer.Launch())));
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Connection_lost_at_the_commit_should_be_told_as_unknown_and_be_repeatable(bool kept)
    {
        var customer = _zone.Ready();
        var call = customer.Call(customer.Launch());
        var (release, locked) = (new ReleaseRows(call), new ReleaseRows(customer.Call(customer.Launch("none"))));
        Database.Session.BeforeStatement = sql =>
        {
            Assert.Equal("COMMIT", sql);
            Database.Session.BeforeStatement = null;
            if (kept)
            {
                Database.Session.Run("COMMIT");
            }

            Cut();
        };
        _zone.Store.Commit([release, locked]);

        // Neither is told as done or refused: what the refusal was decided by may not be there either.
        Assert.All(
            new[] { release, locked }, static r => Assert.IsType<UnknownCommitException>(r.Result.Exception!.InnerException));
        Assert.Equal(kept ? 4 : 3, Blocks(customer));
        var again = Assert.IsType<ReleaseResult.Released>(_zone.Do(new ReleaseRows(call)));
        Assert.Equal(kept, again.Again);
        _zone.Do(customer.Append(call, HandOffState.Acknowledged));
        Assert.Equal(0u, _zone.Store.Customer(customer.Name)!.Customer.OpenHandOffs);
    }

    [SkippableFact]
    public async Task Deadlock_should_be_ended_by_the_server_and_the_batch_done_once()
    {
        var (a, b) = (_zone.Ready("aaa"), _zone.Ready("bbb"));
        using var other = new NpgsqlConnection($"Host={PostgresServer.Needed().Socket};Port={PostgresServer.Needed().Port};" +
            $"Database={Name};Username={PostgresServer.Owner};Search Path={PostgresOptions.Schema};Command Timeout=240");
        await other.OpenAsync();
        Task? waiting = null;

        // Another session holds bbb's chain and wants aaa, while the batch holds aaa and only then finds that it wants bbb's chain.
        var deadlock = new Doing(a.Name.Value, Once(() =>
        {
            Execute("BEGIN; SET LOCAL deadlock_timeout = '10min'; SELECT 1 FROM chains WHERE chain = 'bbb' FOR UPDATE");
            waiting = Task.Factory.StartNew(
                () => Execute("SELECT 1 FROM customers WHERE customer = 'aaa' FOR UPDATE; ROLLBACK"), TaskCreationOptions.LongRunning);
            while ((long)PostgresServer.Needed().Value(Name, "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) " +
                $"WHERE NOT granted AND datname = '{Name}'")! == 0)
            {
                Thread.Yield();
            }
        }), "bbb");
        var release = new ReleaseRows(a.Call(a.Launch()));
        _zone.Store.Commit([release, deadlock]);
        await waiting!;

        Assert.IsType<StoreResult<ReleaseResult>.Done>(ZoneUnderTest.Ended(release));

        // On a slow machine the batch is back at the row before the other session, which the server woke for it, and they meet once more.
        Assert.True(deadlock.Runs > 1, $"{deadlock.Runs} runs");
        Assert.Equal((4, 4), (Blocks(a), Blocks(b)));

        void Execute(string sql)
        {
            using var command = new NpgsqlCommand(sql, other);
            command.ExecuteNonQuery();
        }
    }

    [SkippableFact]
    public void Node_that_stands_still_in_a_batch_should_hold_up_nobody_for_long()
    {
        var customer = _zone.Ready();
        using var still = new ZoneUnderTest(
            d => PostgresDatabase.Open(PostgresTests.Options(d) with { Deadline = TimeSpan.FromSeconds(3) }),
            _zone.DirectoryPath, ledger: _zone.LedgerKey, time: _zone.Time);
        var session = ((PostgresDatabase)still.Database).Session;
        var (claimed, ended) = (false, false);
        var standing = new Doing(customer.Name.Value, Once(() =>
        {
            // The other node waits for the row, and gets it when the server ends this one's session.
            var process = session.ServerProcess;
            _zone.Do(new ClaimCustomer(customer.Claim(2), null));
            claimed = true;

            // It lets go of the row a moment before it is gone.
            ended = SpinWait.SpinUntil(
                () => PostgresServer.Needed().Value(Name, $"SELECT count(*) FROM pg_stat_activity WHERE pid = {process}") is 0L,
                Patience.Limit);
        }));
        var release = new ReleaseRows(customer.Call(customer.Launch()));
        still.Store.Commit([standing, release]);

        Assert.Equal((true, true), (claimed, ended));

        // Woken, it begins anew, and finds the fence of the other. Where the machine is slow, that meets the short deadline too.
        Assert.True(standing.Runs > 1, $"{standing.Runs} runs");
        Assert.Equal(RefusalCode.StaleFence, Assert.IsType<StoreResult<ReleaseResult>.Refused>(ZoneUnderTest.Ended(release)).Refusal.Code);
    }

    [SkippableFact]
    public void Reading_should_go_on_after_its_connections_were_cut()
    {
        var customer = _zone.Ready();
        Assert.NotNull(_zone.Store.Customer(customer.Name));
        PostgresServer.Needed().Sql(
            "postgres", $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{Name}'");
        Assert.NotNull(_zone.Store.Customer(customer.Name));
        _zone.Do(new ReleaseRows(customer.Call(customer.Launch())));
    }

    [SkippableFact]
    public void Statement_that_fails_should_leave_nothing_and_not_touch_the_others()
    {
        var customer = _zone.Ready();
        var failing = new Doing(customer.Name.Value, () => Database.Session.Run("SELECT 1 / 0"));
        var (before, after) = (
            new ReleaseRows(customer.Call(customer.Launch())), new ReleaseRows(customer.Call(customer.Launch())));
        _zone.Store.Commit([before, failing, after]);

        Assert.IsType<StoreException>(failing.Result.Exception!.InnerException);
        Assert.IsType<StoreResult<ReleaseResult>.Done>(ZoneUnderTest.Ended(before));
        Assert.IsType<StoreResult<ReleaseResult>.Done>(ZoneUnderTest.Ended(after));
        Assert.Equal(5, Blocks(customer));
    }

    [SkippableFact]
    public void Statement_that_was_held_back_should_fail_its_own_operation()
    {
        var customer = _zone.Ready();

        // A key that refers to nothing: seen only when the statement is sent.
        var failing = new Doing(customer.Name.Value, () => Database.Session.Later(
            "INSERT INTO nodes (customer, position, node) VALUES ('nobody', '', '')"));
        var (before, after) = (
            new ReleaseRows(customer.Call(customer.Launch())), new ReleaseRows(customer.Call(customer.Launch())));
        _zone.Store.Commit([before, failing, after]);

        Assert.IsType<StoreException>(failing.Result.Exception!.InnerException);
        Assert.IsType<StoreResult<ReleaseResult>.Done>(ZoneUnderTest.Ended(before));
        Assert.IsType<StoreResult<ReleaseResult>.Done>(ZoneUnderTest.Ended(after));
        Assert.Equal(5, Blocks(customer));
    }

    private static Action Once(Action act)
    {
        var done = false;
        return () =>
        {
            if (!done)
            {
                done = true;
                act();
            }
        };
    }

    private void Cut() => PostgresServer.Needed().Sql(
        "postgres", $"SELECT pg_terminate_backend({Database.Session.ServerProcess}, 180000)");

    private int Blocks(TestCustomer customer) =>
        LedgerWalker.Walk(_zone.Store, ZoneUnderTest.Cluster, customer.Name.Value, _zone.LedgerKey.Key).Count;

    /// <summary>Appends a block, does something, and appends one to another chain.</summary>
    private sealed class Doing(string chain, Action act, string? then = null) : StoreOperation<bool>
    {
        public int Runs { get; private set; }

        public override IEnumerable<string> Locks(WriteContext context) => [chain];

        public override StoreRefusal? Run(WriteContext context)
        {
            Runs++;
            act();
            if (then is not null)
            {
                context.Append(then, BlockKind.Refusal, [1]);
            }

            context.Tables.OpenHandOffs(TestCustomer.N(chain));
            return null;
        }

        protected override bool Finish() => true;
    }
}
