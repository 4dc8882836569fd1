using System.Net.Sockets;
using Broker.Actors;
using Broker.CredentialZone.Node;
using Broker.CredentialZone.Postgres;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Postgres;
using Broker.CredentialZone.Tests.Support;
using Broker.CredentialZone.Writing;
using Broker.Host.Health;
using Broker.Protocol.Identifiers;
using Broker.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.CredentialZone.Tests.Node;

/// <summary>
/// The condition <c>store</c>, on real databases; with a server that is stopped and a full disk, it is in the end-to-end tests.
/// </summary>
public sealed class StoreWatchSpecs
{
    [Fact]
    public async Task A_database_that_takes_writes_should_be_good_and_stay_so()
    {
        using var zone = new ZoneUnderTest(ZoneUnderTest.Sqlite);
        await using var watched = new Watched(zone);
        var before = zone.Store.Commits;
        var store = await watched.UntilAsync(c => c.IsGood && zone.Store.Commits > before + 2);
        Assert.Equal("", store.Detail);
        await watched.UntilAsync(_ => watched.Watch.IsUsable);
    }

    [Fact]
    public async Task A_database_without_space_for_changes_should_not_be_good()
    {
        using var zone = new ZoneUnderTest(ZoneUnderTest.Sqlite, limits: ZoneUnderTest.Limits with { ReservedBytes = long.MaxValue });
        await using var watched = new Watched(zone);
        // A disk that stands still for longer than a look may take is told of first.
        var store = await watched.UntilAsync(static c => c.Detail == "the database has no space left");
        Assert.False(store.IsGood);
        Assert.False(watched.Watch.IsUsable);
    }

    [Fact]
    public async Task A_fault_that_nobody_foresaw_should_be_told_and_end_too()
    {
        using var zone = new ZoneUnderTest(ZoneUnderTest.Sqlite);
        using var database = new FaultyDatabase(zone.Database) { Fault = new SocketException((int)SocketError.HostNotFound) };
        await using var watched = new Watched(zone, database);
        await watched.UntilAsync(static c => !c.IsGood);
        Assert.False(watched.Watch.IsUsable);
        database.Fault = new TimeoutException();
        var before = database.Probes;
        await watched.UntilAsync(_ => database.Probes > before + 1);
        database.Fault = null;
        await watched.UntilAsync(static c => c.IsGood);
        Assert.True(watched.Watch.IsUsable);
    }

    [SkippableFact]
    public async Task A_database_that_is_read_only_for_a_while_should_be_good_again_after_it()
    {
        var directory = Directory.CreateTempSubdirectory("zone-").FullName;
        var options = PostgresTests.Options(directory);
        var server = PostgresServer.Needed();
        try
        {
            using var zone = new ZoneUnderTest(
                _ => PostgresDatabase.Open(options with { Patience = TimeSpan.FromSeconds(1) }), directory);
            await using var watched = new Watched(zone);
            await watched.UntilAsync(static c => c.IsGood);
            Set("SET default_transaction_read_only = on");
            Assert.Equal(
                "the database takes no writes; the zone's log says why", (await watched.UntilAsync(static c => !c.IsGood)).Detail);
            Assert.False(watched.Watch.IsUsable);
            Set("RESET default_transaction_read_only");
            await watched.UntilAsync(static c => c.IsGood);
            Assert.True(watched.Watch.IsUsable);
        }
        finally
        {
            PostgresTests.Drop(directory);
            Directory.Delete(directory, recursive: true);
        }

        // Sessions have the setting from their beginning.
        void Set(string setting)
        {
            server.Sql("postgres", $"ALTER DATABASE {options.Database} {setting}");
            server.Sql(
                "postgres", $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{options.Database}'");
        }
    }

    /// <summary>A real one, until a look at it throws what it is told.</summary>
    private sealed class FaultyDatabase(IZoneDatabase real) : IZoneDatabase
    {
        public volatile Exception? Fault;

        private int _probes;

        public int Probes => Volatile.Read(ref _probes);

        public IZoneWriter Writer => real.Writer;

        public T Read<T>(Func<IZoneReader, T> query) => real.Read(query);

        public void Probe(bool withSpace)
        {
            Interlocked.Increment(ref _probes);
            if (Fault is { } fault)
            {
                throw fault;
            }

            real.Probe(withSpace);
        }

        public void Dispose()
        {
            // Whose it is closes it.
        }
    }

    private sealed class Watched : IAsyncDisposable
    {
        private readonly ActorSystem _actors = new("zone", new ActorSystemOptions { Time = TimeProvider.System });
        private readonly NodeHealth _health = new();

        public Watched(ZoneUnderTest zone, IZoneDatabase? database = null)
        {
            var writer = _actors.Spawn(
                Props<WriterMessage>.Of(() => new WriterActor(zone.Store, Name.Parse("zone-1"), 16)).WithMailbox(16), "ledger");
            Watch = new StoreWatch(
                database ?? zone.Database, new ZoneWriter(zone.Store, writer), _health, TimeProvider.System, NullLogger.Instance);
        }

        public StoreWatch Watch { get; }

        public HealthCondition Store => _health.Conditions.Single(static c => c.Name == "store");

        public async Task<HealthCondition> UntilAsync(Func<HealthCondition, bool> isIt)
        {
            using var soon = new CancellationTokenSource(Patience.Limit, TimeProvider.System);
            while (!isIt(Store))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, soon.Token);
            }

            return Store;
        }

        public async ValueTask DisposeAsync()
        {
            await Watch.DisposeAsync();
            await _actors.DisposeAsync();
        }
    }
}
