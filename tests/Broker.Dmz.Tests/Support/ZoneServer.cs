using System.Collections.Concurrent;
using System.Net;
using Broker.Actors;
using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Ledger;
using Broker.CredentialZone.Service;
using Broker.CredentialZone.Sqlite;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Writing;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Protocol.Identifiers;
using Broker.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Dmz.Tests.Support;

/// <summary>A real credential zone: SQLite in a directory of its own, the writer, the service on Kestrel with mutual TLS.</summary>
internal sealed class ZoneServer : IAsyncDisposable
{
    private const int Queue = 1024;

    private readonly string _directory = Directory.CreateTempSubdirectory("zone-").FullName;
    private readonly InstallationKey _key;
    private readonly InstallationKey _ledger;
    private readonly ReopenedStore _store;
    private readonly ActorSystem _actors;
    private readonly WebApplication _web;
    private readonly ConcurrentDictionary<string, byte> _lost = new();
    private readonly ConcurrentDictionary<string, int> _allowed = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _held = new();

    private ZoneServer(TestAuthority authority, TimeProvider time)
    {
        _key = authority.Issue(LinkRole.Zone, "zone-1");
        _ledger = authority.Issue(LinkRole.Ledger, "ledger-1");
        var signer = new LedgerSigner(_ledger.PublicKey, _ledger.ChainDer[0], _ledger.Sign, _ledger);
        var limits = new ZoneLimits(
            ReleasesPerMinute: 100_000, OpenHandOffs: 10_000, OpenUses: 100_000, OpenInvitations: 64, RefusalsPerMinute: 1000,
            ReservedBytes: 0);
        _store = new ReopenedStore(() => ZoneStore.Open(
            SqliteZoneDatabase.Open(new SqliteOptions(DatabasePath, Readers: 2, MaxBytes: 0)), authority.Cluster, limits, signer, null,
            time, NullLogger.Instance));
        _actors = new ActorSystem("zone", new ActorSystemOptions { Time = time });
        var writer = _actors.Spawn(
            Props<WriterMessage>.Of(() => new WriterActor(_store, Name.Parse("zone-1"), Queue)).WithMailbox(Queue), "ledger");
        var service = new ZoneService(
            new ZoneIdentity(authority.Trust, Name.Parse("zone-1"), signer.Certificate, time), _store, new ZoneWriter(_store, writer));
        var refused = new RefusedHandshakes(NullLogger<RefusedHandshakes>.Instance, time);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.ListenLink(
            new LinkListener("zone", new IPEndPoint(IPAddress.Loopback, 0), LinkRole.Dmz) { HandshakeTimeout = Patience.Limit },
            _key, refused, HttpProtocols.Http2));
        _web = builder.Build();
        _web.Use(LieAsync);
        _web.Use(LoseAnswers);
        _web.UseRouting();
        _web.MapZone(service);
        Service = service;
    }

    /// <summary>The service itself, whatever calls are cut off on the way to it.</summary>
    public ZoneService Service { get; }

    public string DatabasePath => Path.Combine(_directory, "zone.db");

    /// <summary>Stops the zone, has plain SQL run on its database, and starts it again.</summary>
    public void Tamper(string sql) => _store.Reopen(() =>
    {
        using var connection = new SqliteConnectionHandle(DatabasePath, readOnly: false);
        connection.Script("PRAGMA foreign_keys = OFF; " + sql);
    });

    /// <summary>Stops the zone, does something to its files, and starts it again.</summary>
    public void WhileStopped(Action act) => _store.Reopen(act);

    public Uri Address => new(_web.Urls.Single());

    /// <summary>
    /// Makes something else of what the zone answers; null while the zone is honest. What was asked for has been done by then.
    /// </summary>
    public Func<byte[], byte[]>? Lie { get; set; }

    public PublicKey LedgerKey => _ledger.PublicKey;

    /// <summary>The next call of an operation is executed, and its answer lost.</summary>
    public void LoseNextAnswer(string operation) => _lost.TryAdd("/zone/v1/" + operation, 0);

    /// <summary>So many more calls of an operation are executed; those after them are cut off before anything is done.</summary>
    public void Allow(string operation, int calls) => _allowed["/zone/v1/" + operation] = calls;

    /// <summary>All calls of an operation are executed again.</summary>
    public void AllowAll(string operation) => _allowed.TryRemove("/zone/v1/" + operation, out _);

    /// <summary>Calls of an operation get no further until they are let go.</summary>
    /// <returns>Lets them go.</returns>
    public Action Hold(string operation)
    {
        var (path, held) = ("/zone/v1/" + operation, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _held[path] = held;
        return () =>
        {
            _held.TryRemove(path, out _);
            held.SetResult();
        };
    }

    /// <summary>Waits until a call of an operation was cut off.</summary>
    public async Task UntilCutOff(string operation)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (_allowed["/zone/v1/" + operation] >= 0)
        {
            if (TimeProvider.System.GetElapsedTime(started) > Patience.Limit)
            {
                throw new TimeoutException($"nobody has called {operation}");
            }

            await Task.Yield();
        }
    }

    public static async Task<ZoneServer> StartAsync(TestAuthority authority, TimeProvider time)
    {
        var zone = new ZoneServer(authority, time);
        await zone._web.StartAsync();
        return zone;
    }

    private async Task LoseAnswers(HttpContext context, RequestDelegate next)
    {
        var path = context.Request.Path.Value!;
        if (_held.TryGetValue(path, out var held))
        {
            await held.Task.WaitAsync(context.RequestAborted);
        }

        if (IsCutOff(path))
        {
            context.Abort();
            return;
        }

        if (_lost.TryRemove(context.Request.Path.Value!, out _))
        {
            context.Response.Body = Stream.Null;
            await next(context);
            context.Abort();
        }
        else
        {
            await next(context);
        }
    }

    // What is allowed again meanwhile stays allowed.
    private bool IsCutOff(string path)
    {
        while (_allowed.TryGetValue(path, out var left))
        {
            if (_allowed.TryUpdate(path, left - 1, left))
            {
                return left <= 0;
            }
        }

        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        await _actors.DisposeAsync();
        _store.Dispose();
        _ledger.Dispose();
        _key.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task LieAsync(HttpContext context, RequestDelegate next)
    {
        if (Lie is not { } lie)
        {
            await next(context);
            return;
        }

        var wire = context.Response.Body;
        using var said = new MemoryStream();
        context.Response.Body = said;
        await next(context);
        await context.Response.BodyWriter.FlushAsync();
        var told = lie(said.ToArray());
        context.Response.Body = wire;
        context.Response.ContentLength = told.Length;
        await wire.WriteAsync(told);
    }
}
