using System.Collections.Concurrent;
using System.Net;
using Broker.Links.Identity;
using Broker.Links.Zone;
using Broker.Protocol.Wire.Zone;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Broker.Links.Tests.Support;

/// <summary>
/// A zone node with one operation that reads, one that writes, and one that writes and may be done twice, which does with them what a test
/// says.
/// </summary>
internal sealed class ScriptedZone : IAsyncDisposable
{
    private static readonly TestAuthority Ours = new();

    private readonly ConcurrentDictionary<string, bool> _connections = new();
    private readonly TaskCompletionSource _probed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly bool _answersProbes;
    private LinkServerFixture _server = null!;
    private int _calls;
    private int _probes;

    private ScriptedZone(bool answersProbes) => _answersProbes = answersProbes;

    public Uri Address => _server.Address;

    public int Calls => Volatile.Read(ref _calls);

    public int Probes => Volatile.Read(ref _probes);

    public int Connections => _connections.Count;

    /// <summary>Ends with the first probe.</summary>
    public Task Probed => _probed.Task;

    /// <summary>Comes before the answer; null: nothing does.</summary>
    public Func<HttpContext, Task>? Script { get; set; }

    /// <summary>What is answered instead of a reply.</summary>
    public ZoneRefusal? Refusal { get; set; }

    public static InstallationKey Key() => Ours.Node(LinkRole.Zone, "z");

    public static InstallationKey Dmz() => Ours.Node(LinkRole.Dmz, "d");

    public static async Task<ScriptedZone> StartAsync(IPAddress? address = null, int port = 0, bool answersProbes = true)
    {
        var zone = new ScriptedZone(answersProbes);
        var listener = LinkServerFixture.Listener(LinkRole.Dmz) with { EndPoint = new IPEndPoint(address ?? IPAddress.Loopback, port) };
        zone._server = await LinkServerFixture.StartAsync(Key(), zone.Map, HttpProtocols.Http2, listener);
        return zone;
    }

    public async ValueTask DisposeAsync()
    {
        // What hangs is cut off.
        await _server.StopAsync(new CancellationToken(canceled: true));
        await _server.DisposeAsync();
    }

    private void Map(WebApplication app)
    {
        app.Use(async (context, next) =>
        {
            if (context.Request.Method == "GET")
            {
                Interlocked.Increment(ref _probes);
                _probed.TrySetResult();
                await (_answersProbes ? next() : new TaskCompletionSource().Task.WaitAsync(context.RequestAborted));
                return;
            }

            Interlocked.Increment(ref _calls);
            _connections[context.Connection.Id] = true;
            if (Script is { } script)
                await script(context).WaitAsync(context.RequestAborted);
            if (!context.Response.HasStarted)
                await next();
        });
        app.MapZoneOperation(ZoneOperations.Describe, (_, _, _) => Answer(new DescribeReply()));
        app.MapZoneOperation(ZoneOperations.Commit, (_, _, _) => Answer(new CommitReply()));
        app.MapZoneOperation(ZoneOperations.AppendOutcome, (_, _, _) => Answer(new AppendOutcomeReply()));
    }

    private Task<ZoneAnswer<TReply>> Answer<TReply>(TReply reply)
        where TReply : class => Task.FromResult<ZoneAnswer<TReply>>(Refusal is { } refusal ? refusal : reply);
}
