using Broker.Dmz.Agents;
using Broker.Dmz.Customers;
using Broker.Dmz.Requests;
using Broker.Dmz.Tests.Support;
using Broker.Links.Peers;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Protocol.Wire.Agent;
using Broker.Secrets;
using Broker.TestKit;
using Google.Protobuf;
using SealedMessage = Broker.Secrets.SealedMessage;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Tests.AcrossNodes;

/// <summary>
/// A node that carries an agent's frames and does with them what it likes: nothing is opened twice, no acknowledgement is believed that
/// the agent did not give, and no session over another node is disturbed.
/// </summary>
public sealed class RelayAttacks(DmzWorld world) : IClassFixture<DmzWorld>
{
    /// <summary>What the relay makes of an envelope and the agent's acknowledgement, and with which code the session then ends.</summary>
    private static readonly Dictionary<string, (string? Code, Func<Attack, IEnumerable<SealedMessage>> Carries)> Table = new()
    {
        ["keeps the acknowledgement back"] = (null, _ => []),
        ["alters it"] = (SessionFailure.Altered, a => [a.Acknowledgement with { Ciphertext = Bent(a.Acknowledgement.Ciphertext) }]),
        ["alters its commitment"] = (
            SessionFailure.WrongKey, a => [a.Acknowledgement with { Commitment = Bent(a.Acknowledgement.Commitment) }]),
        ["moves it to another attempt"] = (SessionFailure.Altered, a => [a.WithHeader(h => h with { Attempt = 2 })]),
        ["moves it to another hand-off"] = (SessionFailure.Altered, a => [a.WithHeader(h => h with { HandOff = a.Stranger })]),
        ["makes a refusal of it"] = (SessionFailure.Altered, a => [a.WithHeader(h => h with { Type = MessageType.Refused })]),
        ["makes one of the envelope"] = (SessionFailure.WrongKey, a => [a.Envelope with
        {
            Header = (Statement.Read<MessageHeader>(a.Envelope.Header.Span) with
            {
                Direction = Direction.AgentToOwner,
                Type = MessageType.Acknowledged,
                Items = [],
            }).Encode(),
        }]),
        ["reflects the envelope"] = (SessionFailure.WrongDirection, a => [a.Envelope]),
        ["puts a later message before it"] = (SessionFailure.Replayed, a => [a.Later, a.Acknowledgement]),
        ["carries one of another agent"] = (SessionFailure.WrongTranscript, a => [a.OfAnother]),
        ["carries one of a session before"] = (SessionFailure.WrongTranscript, a => [a.OfBefore]),
        ["carries what is none"] = (SessionFailure.Malformed, a => [a.Acknowledgement with { Header = new byte[] { 1, 2, 3 } }]),
        ["carries a number far ahead"] = (SessionFailure.TooFarAhead, a => [a.WithHeader(h => h with { Number = 1000 })]),
    };

    public static TheoryData<string> Names => [.. Table.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_relay_should_acknowledge_nothing_when_it(string what)
    {
        await using var f = await AcrossFixture.StartAsync(world);
        await using var hostile = await HostileHolder.StartAsync(f);
        var bystander = await Bystander(f);
        await hostile.Connect(f, f.Agent);
        var before = f.Agent.Report(MessageType.Acknowledged, default, 1, HandOffState.Acknowledged);
        var relay = await hostile.Connect(f, f.Agent);
        var launch = f.Customer.Launch();
        var probe = f.Customer.BeginSeal(launch, await f.Customer.Release(launch));
        var envelope = AgentEnd.From((await hostile.Next(relay)).SealedMessage);
        using var body = f.Agent.Context!.Open(envelope, out var header);
        var attack = new Attack(
            envelope, f.Agent.Report(MessageType.Acknowledged, header.HandOff, header.Attempt, HandOffState.Acknowledged),
            f.Agent.Report(MessageType.UseEnded, f.Customer.NewId(), 1, HandOffState.Used),
            bystander.Report(MessageType.Acknowledged, header.HandOff, header.Attempt, HandOffState.Acknowledged), before,
            f.Customer.NewId());

        foreach (var message in Table[what].Carries(attack))
        {
            await hostile.Up(relay, new Frame { SealedMessage = AgentEnd.Wire(message) });
        }

        if (Table[what].Code is { } code)
        {
            await AcrossFixture.Until("the relay ends", () => hostile.Ends.Contains(code));
            await ShouldBeAudited(f, code);
        }

        f.Customer.Refs.Key.Tell(new CustomerKeyMessage.GiveUp(header.HandOff, header.Attempt));
        Assert.Equal(HandOffState.Unconfirmed, Assert.IsType<ProvisioningMessage.Ended>(await probe.Next()).State);
        Assert.DoesNotContain(await f.Customer.Outcomes(), o => o.State == HandOffState.Acknowledged);
        await Delivers(f, bystander, "web-2");
    }

    [Fact]
    public async Task A_relay_that_repeats_an_acknowledgement_should_end_the_hand_off_once()
    {
        await using var f = await AcrossFixture.StartAsync(world);
        await using var hostile = await HostileHolder.StartAsync(f);
        var relay = await hostile.Connect(f, f.Agent);
        var (probe, header) = await Envelope(f, hostile, relay);
        var acknowledgement = new Frame
        {
            SealedMessage = AgentEnd.Wire(f.Agent.Report(MessageType.Acknowledged, header.HandOff, 1, HandOffState.Acknowledged)),
        };

        await hostile.Up(relay, acknowledgement, acknowledgement, acknowledgement);

        Assert.Equal(HandOffState.Acknowledged, Assert.IsType<ProvisioningMessage.Ended>(await probe.Next()).State);
        Assert.Single(await f.Customer.Outcomes(), o => o.HandOff == header.HandOff);
    }

    [Fact]
    public async Task A_relay_that_repeats_an_envelope_should_have_it_opened_once()
    {
        await using var f = await AcrossFixture.StartAsync(world);
        await using var hostile = await HostileHolder.StartAsync(f);
        var relay = await hostile.Connect(f, f.Agent);
        var launch = f.Customer.Launch();
        f.Customer.BeginSeal(launch, await f.Customer.Release(launch));
        var envelope = AgentEnd.From((await hostile.Next(relay)).SealedMessage);
        f.Agent.Context!.Open(envelope, out _).Dispose();

        Assert.Equal(SessionFailure.Replayed, Assert.Throws<SessionException>(() => f.Agent.Context.Open(envelope, out _)).Code);
        await hostile.Connect(f, f.Agent);
        Assert.Equal(SessionFailure.WrongTranscript, Assert.Throws<SessionException>(() => f.Agent.Context.Open(envelope, out _)).Code);
    }

    [Fact]
    public async Task A_node_that_claims_an_agent_should_get_a_hello_and_disturb_nothing()
    {
        await using var f = await AcrossFixture.ConnectedAsync(world);
        await using var hostile = await HostileHolder.StartAsync(f);
        for (var i = 0; i < 50; i++)
        {
            var relay = await hostile.Open(f.Customer.Name, f.AgentName);
            Assert.NotNull((await hostile.Next(relay!.Value)).OwnerHello);
        }

        Assert.InRange(f.Owner.Routing.Relays.StandIns, 1, AgentRelays.MaxPerAgent + 1);
        await f.ShouldHandOff();
        await f.ConnectAt(f.Agent, f.Holder);
        await f.ShouldHandOff();
    }

    [Fact]
    public async Task A_node_that_claims_an_agent_should_not_pass_with_what_it_can_make()
    {
        await using var f = await AcrossFixture.ConnectedAsync(world);
        await using var hostile = await HostileHolder.StartAsync(f);
        using var other = await f.Customer.EnrolAgent("web-3");
        var relay = (await hostile.Open(f.Customer.Name, f.AgentName))!.Value;
        var hello = (await hostile.Next(relay)).OwnerHello;
        using var handshake = other.Handshake(hello.Statement.Span, 2);

        await hostile.Up(relay, Answer(handshake.Answer));

        await AcrossFixture.Until("the relay ends", () => hostile.Ends.Contains(SessionFailure.BadSignature));
        await f.ShouldHandOff();
    }

    [Fact]
    public async Task A_hello_that_was_answered_over_one_node_should_be_no_good_over_another()
    {
        await using var f = await AcrossFixture.StartAsync(world);
        await using var first = await HostileHolder.StartAsync(f);
        await using var second = await HostileHolder.StartAsync(f, "dmz-8");
        var one = (await first.Open(f.Customer.Name, f.AgentName))!.Value;
        var two = (await second.Open(f.Customer.Name, f.AgentName))!.Value;
        using var handshake = f.Agent.Handshake((await first.Next(one)).OwnerHello.Statement.Span, 2);
        await second.Next(two);

        await second.Up(two, Answer(handshake.Answer));

        await AcrossFixture.Until("the relay ends", () => second.Ends.Contains(SessionFailure.WrongHello));
    }

    [Fact]
    public async Task A_node_should_not_reach_the_relays_of_another()
    {
        await using var f = await AcrossFixture.ConnectedAsync(world);
        await using var hostile = await HostileHolder.StartAsync(f);
        var relay = Assert.Single(f.Owner.Routing.Relays.Silent(TimeSpan.MinValue)).Relay;
        var id = ByteString.CopyFrom(relay.ToArray());
        var frame = new Frame { SealedMessage = new Protocol.Wire.Agent.SealedMessage() };

        Assert.Equal(RelayCodes.Unknown, await hostile.Up(relay, frame));
        var down = new Wire.CarryFramesRequest { Relay = id };
        down.Frames.Add(new Frame { OwnerHello = new Protocol.Wire.Agent.OwnerHello() }.ToByteString());
        Assert.Equal(RelayCodes.Unknown, await hostile.Call(AgentRelayOperations.Down, down));
        Assert.Null(await hostile.Call(AgentRelayOperations.Close, new Wire.CloseAgentRequest { Relay = id }));
        Assert.Null(await hostile.Call(AgentRelayOperations.Close, new Wire.CloseAgentRequest { Relay = id, ByOwner = true, Code = "x" }));

        await f.ShouldHandOff();
        Assert.Equal(1, f.Owner.Routing.Relays.StandIns);
    }

    [Fact]
    public async Task A_node_that_is_not_the_owner_should_not_reach_an_agent()
    {
        await using var f = await AcrossFixture.ConnectedAsync(world);
        await using var hostile = await HostileHolder.StartAsync(f, target: f.Holder);
        var relay = Assert.Single(f.Owner.Routing.Relays.Silent(TimeSpan.MinValue)).Relay;
        var id = ByteString.CopyFrom(relay.ToArray());
        var down = new Wire.CarryFramesRequest { Relay = id };
        down.Frames.Add(new Frame { OwnerHello = new Protocol.Wire.Agent.OwnerHello() }.ToByteString());

        Assert.Equal(RelayCodes.Unknown, await hostile.Call(AgentRelayOperations.Down, down));
        Assert.Null(await hostile.Call(AgentRelayOperations.Close, new Wire.CloseAgentRequest { Relay = id, ByOwner = true, Code = "x" }));
        Assert.Null(await hostile.Call(
            AgentRelayOperations.Close, new Wire.CloseAgentRequest { Relay = id, ByOwner = true, Again = true, Code = "x" }));
        Assert.Null(await hostile.Call(AgentRelayOperations.Close, new Wire.CloseAgentRequest { Relay = id }));

        await f.ShouldHandOff();
        Assert.Equal(1, f.Holder.Routing.Relays.Held);
    }

    [Fact]
    public async Task A_node_that_says_that_it_owns_should_have_no_agent_moved()
    {
        await using var f = await AcrossFixture.StartAsync(world);
        await using var hostile = await HostileHolder.StartAsync(f);
        await f.ConnectAt(f.Agent, f.Owner);
        var call = new Wire.CallAgentsRequest();
        call.Customers.Add(f.Customer.Name.Value);

        for (var i = 0; i < 10; i++)
        {
            Assert.Null(await hostile.Call(AgentRelayOperations.Call, call));
        }

        await f.ShouldHandOff();
        Assert.Equal(0, f.Owner.Routing.Relays.Held);
    }

    // The refusal is recorded after the session has ended.
    private static async Task ShouldBeAudited(AcrossFixture f, string code)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (!(await f.Customer.Refusals()).Any(r => r.Code == code && r.Principal == $"agent/{f.AgentName}"))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Patience.Limit, $"{code} is not in the ledger");
        }
    }

    private static async Task<AgentEnd> Bystander(AcrossFixture f)
    {
        var agent = await f.Another();
        await f.Customer.PutPolicy("web", ["web-1", "web-2"]);
        await f.ConnectAt(agent, f.Holder);
        return agent;
    }

    private static async Task Delivers(AcrossFixture f, AgentEnd agent, string name)
    {
        var launch = f.Customer.Launch(name);
        var probe = f.Customer.BeginSeal(launch, await f.Customer.Release(launch));
        var (header, _) = await agent.Receive();
        agent.Acknowledge(header);
        Assert.Equal(HandOffState.Acknowledged, Assert.IsType<ProvisioningMessage.Ended>(await probe.Next()).State);
    }

    private static async Task<(TestKit.TestProbe<ProvisioningMessage> Probe, MessageHeader Header)> Envelope(
        AcrossFixture f, HostileHolder hostile, Id16 relay)
    {
        var launch = f.Customer.Launch();
        var probe = f.Customer.BeginSeal(launch, await f.Customer.Release(launch));
        using var body = f.Agent.Context!.Open(AgentEnd.From((await hostile.Next(relay)).SealedMessage), out var header);
        return (probe, header);
    }

    private static Frame Answer(Signed answer) => new()
    {
        AgentHello = new Protocol.Wire.Agent.AgentHello
        {
            Statement = ByteString.CopyFrom(answer.Statement.Span),
            Signature = ByteString.CopyFrom(answer.Signature.Span),
        },
    };

    private static byte[] Bent(ReadOnlyMemory<byte> bytes)
    {
        var bent = bytes.ToArray();
        bent[0] ^= 1;
        return bent;
    }

    /// <summary>What a relay has at hand.</summary>
    private sealed record Attack(
        SealedMessage Envelope, SealedMessage Acknowledgement, SealedMessage Later, SealedMessage OfAnother, SealedMessage OfBefore,
        Id16 Stranger)
    {
        public SealedMessage WithHeader(Func<MessageHeader, MessageHeader> bend) =>
            Acknowledgement with { Header = bend(Statement.Read<MessageHeader>(Acknowledgement.Header.Span)).Encode() };
    }
}
