using Broker.Actors;
using Broker.Dmz.Agents;
using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Links.Agents;
using Broker.Links.Identity;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Wire.Agent;
using Broker.TestKit;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Tests.AcrossNodes;

/// <summary>What peers, agents and thousands of reconnections can fill, and what they are told beyond it.</summary>
public sealed class BoundsSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    private static readonly Frame Small = new() { SealedMessage = new Protocol.Wire.Agent.SealedMessage() };

    [Theory]
    [InlineData(LinkRole.Console)]
    [InlineData(LinkRole.Zone)]
    [InlineData(LinkRole.Agent)]
    public async Task Another_role_should_be_refused_at_every_operation(LinkRole role)
    {
        await using var f = await AcrossFixture.StartAsync(world);
        using var key = role == LinkRole.Agent ? world.Authority.Agent("acme", "web-1") : world.Authority.Issue(role, "somebody");
        using var client = new PeerClient(f.Owner.Node.Node, f.Owner.Address, key, world.Time, Patience.Limit);

        foreach (var call in new Func<Task>[]
        {
            () => client.CallAsync(AgentRelayOperations.Open, new Wire.OpenAgentRequest(), default),
            () => client.CallAsync(AgentRelayOperations.Up, new Wire.CarryFramesRequest(), default),
            () => client.CallAsync(AgentRelayOperations.Down, new Wire.CarryFramesRequest(), default),
            () => client.CallAsync(AgentRelayOperations.Close, new Wire.CloseAgentRequest(), default),
            () => client.CallAsync(AgentRelayOperations.Check, new Wire.CheckAgentsRequest(), default),
            () => client.CallAsync(AgentRelayOperations.Call, new Wire.CallAgentsRequest(), default),
            () => client.CallAsync(AgentRelayOperations.Find, new Wire.FindAgentRequest(), default),
        })
        {
            Assert.Equal("wrong-role", (await Assert.ThrowsAsync<ZoneRefusedException>(call)).Code);
        }
    }

    [Fact]
    public async Task Garbage_should_be_refused_at_every_operation()
    {
        await using var f = await AcrossFixture.StartAsync(world);
        await using var hostile = await HostileHolder.StartAsync(f);
        var (customer, agent, id) = (f.Customer.Name.Value, f.AgentName.Value, ByteString.CopyFrom(f.Customer.NewId().ToArray()));
        var many = new Wire.CheckAgentsRequest();
        many.Relays.AddRange(Enumerable.Repeat(id, AgentRelayOperations.MaxNamed + 1));
        var all = new Wire.CallAgentsRequest();
        all.Customers.AddRange(Enumerable.Repeat(customer, AgentRelayOperations.MaxNamed + 1));
        var unnamed = new Wire.CallAgentsRequest();
        unnamed.Customers.Add("NO NAME");

        Assert.Equal(Codes.Malformed, await Open("NO NAME", agent, id));
        Assert.Equal(Codes.Malformed, await Open(customer, "", id));
        Assert.Equal(Codes.Malformed, await Open(customer, agent, ByteString.CopyFromUtf8("short")));
        Assert.Equal(TransferCodes.NotOwner, await Open("nobody", agent, id));
        Assert.Equal(Codes.Malformed, await hostile.Call(AgentRelayOperations.Up, new Wire.CarryFramesRequest()));
        Assert.Equal(Codes.Malformed, await hostile.Call(AgentRelayOperations.Down, new Wire.CarryFramesRequest()));
        Assert.Equal(Codes.Malformed, await hostile.Call(AgentRelayOperations.Close, new Wire.CloseAgentRequest()));
        Assert.Equal("too-large", await hostile.Call(AgentRelayOperations.Check, many));
        Assert.Equal("too-large", await hostile.Call(AgentRelayOperations.Call, all));
        Assert.Equal(Codes.Malformed, await hostile.Call(AgentRelayOperations.Call, unnamed));
        Assert.Equal(Codes.Malformed, await hostile.Call(AgentRelayOperations.Find, new Wire.FindAgentRequest()));

        Task<string?> Open(string c, string a, ByteString relay) => hostile.Call(
            AgentRelayOperations.Open, new Wire.OpenAgentRequest { Customer = c, Agent = a, Relay = relay });
    }

    [Fact]
    public async Task A_node_that_is_not_among_the_peers_should_get_no_stand_in()
    {
        await using var f = await AcrossFixture.StartAsync(world);
        using var key = world.Authority.Issue(LinkRole.Dmz, "dmz-7");
        using var client = new PeerClient(f.Owner.Node.Node, f.Owner.Address, key, world.Time, Patience.Limit);

        var refused = await Assert.ThrowsAsync<ZoneRefusedException>(() => client.CallAsync(
            AgentRelayOperations.Open,
            new Wire.OpenAgentRequest
            {
                Customer = f.Customer.Name.Value,
                Agent = f.AgentName.Value,
                Relay = ByteString.CopyFrom(f.Customer.NewId().ToArray()),
            },
            default));

        Assert.Equal(RelayCodes.PeerUnknown, refused.Code);
    }

    public static TheoryData<string> BadFrames => ["none", "too many", "too large", "no frame", "a hello of an owner", "a goodbye"];

    [Theory]
    [MemberData(nameof(BadFrames))]
    public async Task Frames_that_no_agent_sends_should_end_the_relay(string what)
    {
        await using var f = await AcrossFixture.StartAsync(world);
        await using var hostile = await HostileHolder.StartAsync(f);
        var relay = (await hostile.Open(f.Customer.Name, f.AgentName))!.Value;
        var request = new Wire.CarryFramesRequest { Relay = ByteString.CopyFrom(relay.ToArray()) };
        request.Frames.AddRange(what switch
        {
            "too many" => Enumerable.Repeat(Small.ToByteString(), AgentRelayOperations.MaxFrames + 1),
            "too large" => [new Frame
            {
                SealedMessage = new Protocol.Wire.Agent.SealedMessage
                {
                    Ciphertext = ByteString.CopyFrom(new byte[AgentRelayOperations.MaxFrameUp]),
                },
            }.ToByteString()],
            "no frame" => [ByteString.CopyFromUtf8("not a frame")],
            "a hello of an owner" => [new Frame { OwnerHello = new Protocol.Wire.Agent.OwnerHello() }.ToByteString()],
            "a goodbye" => [new Frame { Goodbye = new Goodbye() }.ToByteString()],
            _ => [],
        });

        Assert.Equal(RelayCodes.Malformed, await hostile.Call(AgentRelayOperations.Up, request));

        Assert.Equal(0, f.Owner.Routing.Relays.StandIns);
        Assert.Equal(RelayCodes.Unknown, await hostile.Up(relay, Small));
    }

    [Fact]
    public void Bytes_beyond_a_budget_should_be_refused_and_leave_it_as_it_was()
    {
        var budget = new ByteBudget(100);

        Assert.True(budget.TryTake(60));
        Assert.False(budget.TryTake(41));
        Assert.True(budget.TryTake(40));
        budget.GiveBack(60);
        Assert.True(budget.TryTake(60));
        Assert.False(budget.TryTake(1));
    }

    [Fact]
    public async Task A_relay_id_should_be_used_once()
    {
        await using var f = await AcrossFixture.StartAsync(world);
        await using var hostile = await HostileHolder.StartAsync(f);
        var relay = (await hostile.Open(f.Customer.Name, f.AgentName))!.Value;

        var again = await Assert.ThrowsAsync<ZoneUnavailableException>(() => hostile.Open(f.Customer.Name, f.AgentName, relay));

        Assert.Equal(RelayCodes.Malformed, again.Code);
        Assert.Equal(1, f.Owner.Routing.Relays.StandIns);
    }

    [Fact]
    public async Task A_peer_should_be_told_when_to_come_again_and_take_no_others_place()
    {
        await using var f = await AcrossFixture.StartAsync(world);
        var time = new ManualTime();
        var routing = AgentRouting.Make(
            f.Owner.Node with { Time = new MovedTime(time) }, perSecond: 4, capacity: 3, new ConnectedAgents(), NullLogger.Instance);
        await using var hostile = await HostileHolder.StartAsync(f);
        f.Owner.Know(TestCustomer.N("dmz-8"), new Uri("https://127.0.0.1:1"));
        var standIns = world.System.Spawn(
            Props<AgentsMessage>.Of(() => new AgentSessions(routing, 3, standIns: true)), $"bounded-{f.Customer.Name}");
        var service = new AgentRelayService(routing, world.Customers, world.Agents, standIns);
        var afters = new List<uint>();

        while (afters.Count < 5)
        {
            if ((await Open("dmz-9")).Reply is { AfterMilliseconds: > 0 and var after })
            {
                afters.Add(after);
            }
        }

        Assert.Equal(afters.Order(), afters);
        Assert.InRange(afters[^1], 1u, 60_000u);
        Assert.Equal(0u, (await Open("dmz-8")).Reply!.AfterMilliseconds);
        time.Advance(TimeSpan.FromSeconds(10));
        string? full = null;
        for (var i = 0; i < 20 && full is null; i++)
        {
            full = (await Open("dmz-9")).Refusal?.Code;
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(Codes.Busy, full);
        standIns.Stop();

        async Task<ZoneAnswer<Wire.OpenAgentReply>> Open(string node)
        {
            var peer = new PeerIdentity(LinkRole.Dmz, TestCustomer.N(node), null, false, world.Node.Incarnation.Key);
            var id = ByteString.CopyFrom(f.Customer.NewId().ToArray());
            return await service.Open(
                peer, new Wire.OpenAgentRequest { Customer = f.Customer.Name.Value, Agent = f.AgentName.Value, Relay = id }, default);
        }
    }

    [Fact]
    public async Task An_agent_beyond_the_line_should_be_told_when_to_come_again()
    {
        await using var f = await AcrossFixture.StartAsync(world);
        // Nobody's turn comes while they queue up, however long that takes.
        var routing = AgentRouting.Make(
            f.Owner.Node with { Time = new MovedTime(new ManualTime()) }, perSecond: 1, capacity: 100, new ConnectedAgents(),
            NullLogger.Instance);
        var agents = world.System.Spawn(Props<AgentsMessage>.Of(() => new AgentSessions(routing, 100)), $"paced-{f.Customer.Name}");
        f.Agent.MoveTo(f.Customer.At(f.Customer.Refs, agents));

        // Which of them takes a place is not the order in which they came: each session begins when its actor does.
        var sentAway = new List<Task<(string Code, TimeSpan After)>>();
        for (var i = 0; i < 20; i++)
        {
            await f.Agent.Open();
            sentAway.Add(f.Agent.SentAway);
        }

        var (code, after) = await await Task.WhenAny(sentAway);

        Assert.Equal(Codes.Busy, code);
        Assert.InRange(after, TimeSpan.FromSeconds(5), HandshakePace.Latest);
        agents.Stop();
        world.Node.Summons.Attach(world.Agents);
    }

    [Fact]
    public async Task Agents_that_come_back_all_at_once_should_begin_in_turn_while_launches_go_on()
    {
        await using var f = await AcrossFixture.ConnectedAsync(world);
        var routing = AgentRouting.Make(f.Owner.Node, perSecond: 10, capacity: 100, new ConnectedAgents(), NullLogger.Instance);
        var agents = world.System.Spawn(Props<AgentsMessage>.Of(() => new AgentSessions(routing, 100)), $"mass-{f.Customer.Name}");
        var paced = f.Customer.At(f.Customer.Refs, agents);
        var all = new List<AgentEnd>();
        for (var i = 0; i < 20; i++)
        {
            all.Add(await f.Another($"mass-{i}"));
            all[i].MoveTo(paced);
        }

        var sessions = all.ConvertAll(static a => a.Connect());
        for (var i = 0; i < 5; i++)
        {
            await f.ShouldHandOff();
        }

        await Task.WhenAll(sessions);
        agents.Stop();
        world.Node.Summons.Attach(world.Agents);
    }

    [Fact]
    public async Task A_session_should_have_a_place_until_it_is_open_and_wait_for_it_in_vain_for_a_moment_only()
    {
        await using var f = await AcrossFixture.StartAsync(world);
        // The only place is never free.
        var places = new HandshakePlaces(new MovedTime(new ManualTime()), 1);
        places.Enter(new TestProbe<AgentSessionMessage>(world.System, $"in-place-{f.Customer.Name}").Ref);
        var routing = AgentRouting.Make(f.Owner.Node, AgentSessions.Unpaced, 100, new ConnectedAgents(), NullLogger.Instance) with
        {
            Places = places,
        };
        var agents = world.System.Spawn(Props<AgentsMessage>.Of(() => new AgentSessions(routing, 100)), $"in-turn-{f.Customer.Name}");
        f.Agent.MoveTo(f.Customer.At(f.Customer.Refs, agents));

        await f.Agent.Open();
        await AcrossFixture.Until("the session stands in the line", () => places.Count == 2);
        await f.Agent.Greet();
        await AcrossFixture.Until("the open session has left it", () => places.Count == 1);
        await f.ShouldHandOff();

        await f.Agent.Open();
        await AcrossFixture.Until("the next one stands in the line", () => places.Count == 2);
        f.Agent.Disconnect();
        await AcrossFixture.Until("the lost one has left it", () => places.Count == 1);
        agents.Stop();
        world.Node.Summons.Attach(world.Agents);
    }

    [Fact]
    public async Task A_socket_should_not_be_read_beyond_what_is_not_handled()
    {
        var (customer, _) = await world.Ready();
        var holding = world.System.Spawn(
            Props<AgentSessionMessage>.Of(static () => new Holding()).WithStash(1000), $"holding-{customer.Name}");
        var agents = world.System.Spawn(Props<AgentsMessage>.Of(() => new Opening(holding)), $"opening-{customer.Name}");
        var endpoints = new AgentEndpoints(world.Node, world.Customers, agents, new ConnectedAgents(), NullLogger.Instance);
        var socket = new Endless();
        var peer = new PeerIdentity(LinkRole.Agent, TestCustomer.N("web-1"), customer.Name, false, world.Node.Incarnation.Key);
        using var stop = new CancellationTokenSource();

        var serving = endpoints.Serve(peer, socket, stop.Token);
        await AcrossFixture.Until("the window is full", () => socket.Read == AgentEndpoints.MaxUnhandled);
        await holding.Ask<Result<Carried>>(
            r => new AgentSessionMessage.Carry(default, [], r), Patience.Limit);

        Assert.Equal(AgentEndpoints.MaxUnhandled, socket.Read);
        Assert.False(serving.IsCompleted);
        holding.Tell(new AgentSessionMessage.Begin());
        await AcrossFixture.Until("it is read on", () => socket.Read == 2 * AgentEndpoints.MaxUnhandled);
        await stop.CancelAsync();
        await serving;
        Assert.Null(socket.Code);
    }

    /// <summary>Handles nothing before it is told to.</summary>
    private sealed class Holding : Actor<AgentSessionMessage>
    {
        private bool _released;

        protected override ValueTask Receive(AgentSessionMessage message)
        {
            switch (message)
            {
                case AgentSessionMessage.Received when !_released:
                    Context.Stash(message);
                    break;
                case AgentSessionMessage.Begin:
                    Context.ClearStash();
                    break;
                case AgentSessionMessage.Carry m:
                    m.ReplyTo.Tell(Carried.Whole);
                    break;
                default:
                    _released = true;
                    break;
            }

            return ValueTask.CompletedTask;
        }
    }

    private sealed class Opening(ActorRef<AgentSessionMessage> session) : Actor<AgentsMessage>
    {
        protected override ValueTask Receive(AgentsMessage message)
        {
            ((AgentsMessage.Open)message).ReplyTo.Tell(new SessionRef(session));
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>A link whose other end never stops talking.</summary>
    private sealed class Endless : IFrameLink
    {
        private int _read;

        public int Read => Volatile.Read(ref _read);

        public string? Code { get; private set; }

        public Task SendAsync(Frame frame, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<Frame?> ReceiveAsync(CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Interlocked.Increment(ref _read);
            return Task.FromResult<Frame?>(Small);
        }

        public Task CloseAsync(string code)
        {
            Code = code;
            return Task.CompletedTask;
        }

        public void Dispose()
        {
        }
    }
}
