using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Secrets;
using Broker.TestKit;

namespace Broker.Dmz.Tests.Attacks;

/// <summary>
/// A relay between key and agent, and agents that are not who they say: nothing is opened, and no hand-off ends by their word.
/// </summary>
public sealed class SessionAttacks(DmzWorld world) : IClassFixture<DmzWorld>
{
    internal static readonly AttackTable<Target> Table = new()
    {
        { "an answer to another hello", SessionFailure.WrongHello, t => Answer(t, (agent, hello) =>
            agent.Handshake([.. hello, 0], 2)) },
        { "an answer that is replayed", SessionFailure.WrongHello, async t =>
        {
            AgentHandshake? first = null;
            await Answer(t, (agent, hello) => first = agent.Handshake([.. hello, 0], 2));
            return await Answer(t, (_, _) => first!);
        } },
        { "an answer by another agent's key", SessionFailure.BadSignature, async t =>
        {
            using var other = await t.Customer.EnrolAgent("web-2");
            return await Answer(t, (_, hello) => other.Handshake(hello, 2));
        } },
        { "an answer after its time", Codes.HelloExpired, async t =>
        {
            await t.Agent.Open();
            var hello = (await t.Agent.Frame()).OwnerHello;
            t.Customer.World.Time.Advance(TimeSpan.FromSeconds(11));
            using var handshake = t.Agent.Handshake(hello.Statement.Span, 2);
            t.Agent.Tell(handshake.Answer);
            return await t.Agent.Closed;
        } },
        { "an answer for another link", Codes.HelloOfAnother, async t =>
        {
            await t.Agent.Open();
            var hello = (await t.Agent.Frame()).OwnerHello;
            using var handshake = t.Agent.Handshake(hello.Statement.Span, 2);
            var answered = await t.Customer.Ask<Result<VerifiedHello>>(r =>
                new CustomerKeyMessage.AgentAnswered(t.Agent.Name, t.Customer.NewId(), handshake.Answer, r));
            return answered.Code!;
        } },
        { "an answer that is none", SessionFailure.Malformed, async t =>
        {
            await t.Agent.Open();
            await t.Agent.Frame();
            t.Agent.Tell(new Signed(new byte[] { 1 }, new byte[64]));
            return await t.Agent.Closed;
        } },
        { "an agent that has seen a later head", Codes.HeadRolledBack, async t =>
        {
            t.Agent.HighestHead = (await t.Customer.Status()).HeadCounter + 1;
            return await Answer(t, (agent, hello) => agent.Handshake(hello, 2));
        } },
        { "a used generation from another boot", Codes.AgentSuspended, async t =>
        {
            t.Agent.Boot = t.Customer.NewId();
            return await Answer(t, (agent, hello) => agent.Handshake(hello, 1));
        } },
        { "a finish that nobody answered", Codes.HelloOfAnother, async t =>
        {
            await t.Agent.Open();
            await t.Agent.Frame();
            var finish = await t.Customer.Ask<Result<OwnerFinish>>(r => new CustomerKeyMessage.Finish(t.Agent.Name, t.Customer.NewId(), r));
            return finish.Code!;
        } },
        { "an agent that is not in the directory", Codes.AgentUnknown, async t =>
        {
            using var stranger = new AgentEnd(t.Customer, TestCustomer.N("web-9"), t.Customer.NewId());
            await stranger.Open();
            return await stranger.Closed;
        } },
        { "an acknowledgement that the relay invents", SessionFailure.WrongKey, t => Tamper(t, (agent, m) =>
        {
            var header = Statement.Read<MessageHeader>(m.Header.Span) with
            {
                Direction = Direction.AgentToOwner,
                Type = MessageType.Acknowledged,
                Items = [],
            };
            return m with { Header = header.Encode() };
        }) },
        { "the owner's message reflected", SessionFailure.WrongDirection, t => Tamper(t, (_, m) => m) },
        { "an acknowledgement that was altered", SessionFailure.Altered, t => Tamper(t, (agent, m) =>
        {
            var report = Acknowledgement(agent, m);
            var ciphertext = report.Ciphertext.ToArray();
            ciphertext[0] ^= 1;
            return report with { Ciphertext = ciphertext };
        }) },
        { "an acknowledgement moved to another attempt", SessionFailure.Altered, t => Tamper(t, (agent, m) =>
        {
            var report = Acknowledgement(agent, m);
            return report with { Header = (Statement.Read<MessageHeader>(report.Header.Span) with { Attempt = 2 }).Encode() };
        }) },
        { "a message of another session", SessionFailure.WrongTranscript, t => Tamper(t, (agent, m) =>
        {
            var report = Acknowledgement(agent, m);
            return report with
            {
                Header = (Statement.Read<MessageHeader>(report.Header.Span) with { Transcript = Digest.Of([1]) }).Encode(),
            };
        }) },
        { "a number far ahead", SessionFailure.TooFarAhead, t => Tamper(t, (agent, m) =>
        {
            var report = Acknowledgement(agent, m);
            return report with { Header = (Statement.Read<MessageHeader>(report.Header.Span) with { Number = 1000 }).Encode() };
        }) },
        { "a message of no form", SessionFailure.Malformed, t => Tamper(t, (_, m) => m with { Header = new byte[] { 1, 2, 3 } }) },
    };

    public static TheoryData<string> Names => Table.Names();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_key_should_refuse_the_session(string attack)
    {
        var (customer, agent) = await world.Ready();
        var target = new Target(customer, agent);
        var before = await target.Gauge();

        await Table.Run(attack, target);

        if (Table[attack].Code is not (Codes.HelloOfAnother or Codes.AgentUnknown))
        {
            await target.ShouldBeAudited(Table[attack].Code);
        }

        Assert.DoesNotContain(await customer.Outcomes(), o => o.State == HandOffState.Acknowledged);
        agent.Disconnect();
        await customer.Until(s => s.State == KeyState.Unlocked);
        Assert.True(await target.Gauge() <= before);
    }

    [Fact]
    public async Task A_report_should_end_only_its_own_agents_hand_off_and_attempt()
    {
        var (customer, agent) = await world.Ready();
        using var other = await customer.EnrolAgent("web-2");
        await other.Connect();
        var launch = customer.Launch();
        var probe = customer.BeginSeal(launch, await customer.Release(launch));
        var (header, _) = await agent.Receive();

        other.Tell(other.Report(MessageType.Acknowledged, header.HandOff, header.Attempt, HandOffState.Acknowledged));
        agent.Tell(agent.Report(MessageType.Acknowledged, header.HandOff, 2, HandOffState.Acknowledged));
        agent.Tell(agent.Report(MessageType.Acknowledged, customer.NewId(), 1, HandOffState.Acknowledged));
        agent.Tell(agent.Report(MessageType.Refused, header.HandOff, header.Attempt, HandOffState.Refused, "test"));

        Assert.Equal(HandOffState.Refused, Assert.IsType<Requests.ProvisioningMessage.Ended>(await probe.Next()).State);
        Assert.Equal(HandOffState.Refused, Assert.Single(await customer.Outcomes()).State);
        other.Disconnect();
        agent.Disconnect();
    }

    [Fact]
    public async Task A_second_link_should_take_the_session_over_for_good()
    {
        var (customer, agent) = await world.Ready();
        var first = agent.Closed;
        await agent.Connect();

        Assert.Equal(Codes.LinkLost, await first);
        await new Target(customer, agent).ShouldHaveOpenedNothing();
        agent.Disconnect();
    }

    [Fact]
    public async Task An_envelope_should_open_once_and_only_in_its_own_session()
    {
        var (customer, agent) = await world.Ready();
        using var other = await customer.EnrolAgent("web-2");
        await other.Connect();
        var launch = customer.Launch();
        customer.BeginSeal(launch, await customer.Release(launch));
        var envelope = await agent.Next();

        Assert.Equal(SessionFailure.WrongTranscript, Assert.Throws<SessionException>(() => other.Context!.Open(envelope, out _)).Code);
        agent.Context!.Open(envelope, out _).Dispose();
        Assert.Equal(SessionFailure.Replayed, Assert.Throws<SessionException>(() => agent.Context.Open(envelope, out _)).Code);
        other.Disconnect();
        agent.Disconnect();
    }

    private static async Task<string> Answer(Target t, Func<AgentEnd, byte[], AgentHandshake> answer)
    {
        await t.Agent.Open();
        var hello = (await t.Agent.Frame()).OwnerHello;
        using var handshake = answer(t.Agent, hello.Statement.ToByteArray());
        t.Agent.Tell(handshake.Answer);
        return await t.Agent.Closed;
    }

    private static SealedMessage Acknowledgement(AgentEnd agent, SealedMessage envelope)
    {
        var header = Statement.Read<MessageHeader>(envelope.Header.Span);
        return agent.Report(MessageType.Acknowledged, header.HandOff, header.Attempt, HandOffState.Acknowledged);
    }

    // The session ends with its code in the ledger; the hand-off is open still, for only its agent could have ended it.
    private static async Task<string> Tamper(Target t, Func<AgentEnd, SealedMessage, SealedMessage> tamper)
    {
        var launch = t.Customer.Launch();
        t.Customer.BeginSeal(launch, await t.Customer.Release(launch));
        t.Agent.Tell(tamper(t.Agent, await t.Agent.Next()));
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < Patience.Limit)
        {
            if (await t.Customer.Refusals() is [var refusal, ..])
            {
                Assert.Equal(HandOffState.Released, (await t.Customer.Journal(Target.HandOffIdOf(launch))).State);
                Assert.Equal($"agent/{t.Agent.Name}", refusal.Principal);
                return refusal.Code;
            }
        }

        return "no refusal";
    }
}
