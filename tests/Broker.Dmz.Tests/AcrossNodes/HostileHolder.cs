using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using Broker.Dmz.Tests.Support;
using Broker.Links.Identity;
using Broker.Links.Peers;
using Broker.Links.Tls;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Wire.Agent;
using Broker.TestKit;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Tests.AcrossNodes;

/// <summary>
/// A node of the DMZ that was taken over: it has its certificate, its peers talk to it, and it does with agents' frames what it likes.
/// </summary>
internal sealed class HostileHolder : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly PeerClient _peer;
    private readonly ConcurrentDictionary<Id16, Channel<Frame>> _relays = new();
    private readonly Func<Id16> _newId;

    private HostileHolder(DmzWorld world, OtherNode owner, string name)
    {
        var key = world.Issue(LinkRole.Dmz, name);
        (Name, _newId) = (TestCustomer.N(name), world.Node.NewId);
        _peer = new PeerClient(owner.Node.Node, owner.Address, key, world.Time, Patience.Limit);
        var refused = new RefusedHandshakes(NullLogger<RefusedHandshakes>.Instance, world.Time);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.ListenLink(
            new LinkListener("peers", new IPEndPoint(IPAddress.Loopback, 0), LinkRole.Dmz) { HandshakeTimeout = Patience.Limit },
            key, refused, HttpProtocols.Http2));
        _web = builder.Build();
        _web.UseRouting();
        _web.MapZoneOperation(AgentRelayOperations.Down, Take);
        _web.MapZoneOperation(AgentRelayOperations.Close, Closed);
    }

    public Name Name { get; }

    /// <summary>Codes with which the owner ended relays.</summary>
    public ConcurrentQueue<string> Ends { get; } = new();

    /// <summary>Starts it as a peer of the owner, or of another node.</summary>
    public static async Task<HostileHolder> StartAsync(AcrossFixture f, string name = "dmz-9", OtherNode? target = null)
    {
        target ??= f.Owner;
        var hostile = new HostileHolder(f.World, target, name);
        await hostile._web.StartAsync();
        target.Know(hostile.Name, new Uri(hostile._web.Urls.Single()));
        return hostile;
    }

    /// <summary>Claims to hold an agent; null where the owner does not begin.</summary>
    public async Task<Id16?> Open(Name customer, Name agent, Id16? id = null)
    {
        var relay = id ?? _newId();
        _relays[relay] = Channel.CreateUnbounded<Frame>();
        var reply = await _peer.CallAsync(
            AgentRelayOperations.Open,
            new Wire.OpenAgentRequest { Customer = customer.Value, Agent = agent.Value, Relay = ByteString.CopyFrom(relay.ToArray()) },
            default);
        return reply.AfterMilliseconds == 0 ? relay : null;
    }

    /// <summary>The next frame of the owner.</summary>
    public async Task<Frame> Next(Id16 relay) =>
        await _relays[relay].Reader.ReadAsync().AsTask().WaitAsync(Patience.Limit);

    /// <summary>Carries frames to the owner.</summary>
    /// <returns>The code of the refusal; null where they were taken.</returns>
    public async Task<string?> Up(Id16 relay, params IEnumerable<Frame> frames)
    {
        var request = new Wire.CarryFramesRequest { Relay = ByteString.CopyFrom(relay.ToArray()) };
        request.Frames.AddRange(frames.Select(f => f.ToByteString()));
        return await Refusal(() => _peer.CallAsync(AgentRelayOperations.Up, request, default));
    }

    /// <summary>Any call to the owner.</summary>
    /// <returns>The code of the refusal; null where it was answered.</returns>
    public Task<string?> Call<TRequest, TReply>(ZoneOperation<TRequest, TReply> operation, TRequest request)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new() => Refusal(() => _peer.CallAsync(operation, request, default));

    /// <summary>Gives an agent a session over this node, honestly.</summary>
    public async Task<Id16> Connect(AcrossFixture f, AgentEnd agent)
    {
        agent.OpenAt(_ => { });
        var relay = await Open(f.Customer.Name, agent.Name) ?? throw new InvalidOperationException("the owner is busy");
        agent.Relay = frame => Up(relay, frame).GetAwaiter().GetResult();
        agent.Deliver(await Next(relay));
        var greeting = agent.Greet();
        agent.Deliver(await Next(relay));
        await greeting;
        return relay;
    }

    public async ValueTask DisposeAsync()
    {
        _peer.Dispose();
        await _web.DisposeAsync();
    }

    private static async Task<string?> Refusal<TReply>(Func<Task<TReply>> call)
    {
        try
        {
            await call();
            return null;
        }
        catch (ZoneException refused)
        {
            return refused.Code;
        }
    }

    private Task<ZoneAnswer<Wire.CarryFramesReply>> Take(PeerIdentity _, Wire.CarryFramesRequest request, CancellationToken __)
    {
        foreach (var frame in request.Frames)
        {
            _relays.GetOrAdd(new Id16(request.Relay.Span), static _ => Channel.CreateUnbounded<Frame>()).Writer.TryWrite(
                Frame.Parser.ParseFrom(frame));
        }

        return Task.FromResult<ZoneAnswer<Wire.CarryFramesReply>>(new Wire.CarryFramesReply());
    }

    private Task<ZoneAnswer<Wire.CloseAgentReply>> Closed(PeerIdentity _, Wire.CloseAgentRequest request, CancellationToken __)
    {
        Ends.Enqueue(request.Code);
        return Task.FromResult<ZoneAnswer<Wire.CloseAgentReply>>(new Wire.CloseAgentReply());
    }
}
