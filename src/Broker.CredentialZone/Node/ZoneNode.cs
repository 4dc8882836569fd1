using Broker.Actors;
using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Ledger;
using Broker.CredentialZone.Service;
using Broker.CredentialZone.SqlServer;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Writing;
using Broker.Host;
using Broker.Host.Health;
using Broker.Host.Running;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Broker.CredentialZone.Node;

/// <summary>
/// A running zone node. It stops from the outside in: no new requests, what waits is committed or told that it was not, then the
/// store is closed.
/// </summary>
internal sealed class ZoneNode : INode
{
    private readonly InstallationKey _key;
    private readonly ZoneStore _store;
    private readonly LedgerSigner _signer;
    private readonly ActorSystem _actors;
    private readonly ActorRef<WriterMessage> _writer;
    private readonly StoreWatch _watch;
    private readonly WebApplication _web;

    private ZoneNode(
        InstallationKey key, ZoneStore store, LedgerSigner signer, ActorSystem actors, ActorRef<WriterMessage> writer, StoreWatch watch,
        WebApplication web) =>
        (_key, _store, _signer, _actors, _writer, _watch, _web) = (key, store, signer, actors, writer, watch, web);

    /// <summary>The addresses that it listens on.</summary>
    public ICollection<string> Addresses => _web.Urls;

    /// <summary>Starts the node; when it returns, DMZ nodes can connect.</summary>
    /// <exception cref="StartException">A certificate or the store cannot be used.</exception>
    public static async Task<INode> StartAsync(NodeContext context, ZoneSettings settings, CancellationToken cancellationToken)
    {
        var key = settings.Tls.Load(LinkRole.Zone);
        LedgerSigner? signer = null;
        ZoneStore? store = null;
        ActorSystem? actors = null;
        WebApplication? web = null;
        StoreWatch? watch = null;
        try
        {
            signer = LedgerKeys.Load(settings.LedgerCertificate, settings.LedgerKey, key.Trust);
            var (opened, database) = OpenStore(settings, key.Trust, signer, context);
            store = opened;
            actors = new ActorSystem("zone", new ActorSystemOptions { Time = context.Time });
            var node = key.Identity.Name;
            var writer = actors.Spawn(
                Props<WriterMessage>.Of(() => new WriterActor(opened, node, settings.QueueCapacity)).WithMailbox(settings.QueueCapacity),
                "ledger");
            var identity = new ZoneIdentity(key.Trust, node, signer.Certificate, context.Time);
            var changes = new ZoneWriter(store, writer);
            var watching = watch = new StoreWatch(
                database, changes, context.Health, context.Time, context.Logs.CreateLogger<StoreWatch>());
            web = Build(context, settings, key, new ZoneService(identity, store, changes) { IsUsable = () => watching.IsUsable });
            await web.StartAsync(cancellationToken);
            context.Shutdown.AddTermination(actors);
            if (settings.SqlServer is not null)
            {
                context.Health.Advise("sql-server", isGood: false, SqlServerOptions.Standing);
            }

            return new ZoneNode(key, store, signer, actors, writer, watch, web);
        }
        catch
        {
            await Release(web, watch, actors, store, signer, key);
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken deadline)
    {
        await _web.StopAsync(deadline);
        await _watch.DisposeAsync();
        _writer.PoisonPill();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Release(_web, _watch, _actors, _store, _signer, _key);

    // The writer ends before the store closes: a commit in flight is waited for.
    private static async ValueTask Release(
        WebApplication? web, StoreWatch? watch, ActorSystem? actors, ZoneStore? store, LedgerSigner? signer, InstallationKey key)
    {
        if (web is not null)
        {
            await web.DisposeAsync();
        }

        if (watch is not null)
        {
            await watch.DisposeAsync();
        }

        if (actors is not null)
        {
            await actors.DisposeAsync();
        }

        store?.Dispose();
        signer?.Dispose();
        key.Dispose();
    }

    private static (ZoneStore Store, IZoneDatabase Database) OpenStore(
        ZoneSettings settings, LinkTrust trust, LedgerSigner signer, NodeContext context)
    {
        IZoneDatabase? database = null;
        try
        {
            using var predecessor = settings is { PredecessorCertificate: { } certificate, PredecessorKey: { } key }
                ? LedgerKeys.Load(certificate, key, trust)
                : null;
            database = ZoneDatabases.Open(settings, context.Logs);
            var store = ZoneStore.Open(
                database, trust.Cluster, settings.Limits, signer, predecessor, context.Time, context.Logs.CreateLogger<ZoneStore>());
            return (store, database);
        }
        catch (StoreException fault)
        {
            database?.Dispose();
            throw new StartException($"{settings.StoreDisplay}: {fault.Message}");
        }
        catch (UnknownCommitException fault)
        {
            // The cluster or the ledger's key was being entered; the next start finds it, or enters it.
            database?.Dispose();
            throw new StartException($"{settings.StoreDisplay}: {fault.Message}; start again");
        }
    }

    private static WebApplication Build(NodeContext context, ZoneSettings settings, InstallationKey key, ZoneService service)
    {
        var builder = context.CreateWebBuilder(kestrel =>
        {
            // Windows for a burst of commits and releases; what one call may bring is bounded by its operation.
            kestrel.Limits.Http2.InitialConnectionWindowSize = 8 << 20;
            kestrel.Limits.Http2.InitialStreamWindowSize = 2 << 20;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 512;
            kestrel.ListenLink(new LinkListener("zone", settings.Listen, LinkRole.Dmz), key, context.Refused, HttpProtocols.Http2);
        });
        var web = builder.Build();
        web.UseRouting();
        web.MapZone(service);
        web.MapHealth(context.Health);
        return web;
    }
}
