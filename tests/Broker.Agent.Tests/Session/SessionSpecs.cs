using Broker.Agent.Session;
using Broker.Agent.State;
using Broker.Agent.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Session;
using Broker.Protocol.Wire.Agent;
using Broker.Secrets;
using Google.Protobuf;
using OwnerHello = Broker.Protocol.Session.OwnerHello;

namespace Broker.Agent.Tests.Session;

[Collection(SecretsCollection.Name)]
public sealed class SessionSpecs
{
    public static TheoryData<string, string> BadHellos => new()
    {
        { "cluster", SessionFailure.WrongHello },
        { "customer", SessionFailure.WrongHello },
        { "epoch", SessionFailure.WrongHello },
        { "agent", SessionFailure.WrongHello },
        { "key", SessionFailure.WrongHello },
        { "identity", SessionFailure.WrongIdentity },
        { "fence", RefusalCode.FenceStale },
    };

    private static OwnerHello Change(OwnerHello hello, string what) => what switch
    {
        "cluster" => hello with { Cluster = Name.Parse("other") },
        "customer" => hello with { Customer = Name.Parse("other") },
        "epoch" => hello with { Epoch = 2 },
        "agent" => hello with { Agent = Name.Parse("other") },
        "key" => hello with { AgentKey = Digest.Zero },
        "identity" => hello with { Identity = Digest.Zero },
        _ => hello with { Fence = 6 },
    };

    [Theory]
    [MemberData(nameof(BadHellos))]
    public async Task Hello_should_be_refused_with_its_code_and_the_agent_come_again(string what, string code)
    {
        await using var world = await AgentWorld.StartAsync();
        var first = await world.Connect(fence: 7);
        await first.DisposeAsync();
        var second = await world.Accept();

        await second.SendHello(h => Change(h, what));

        Assert.Equal(code, await second.Goodbye());
        await world.Connect();
    }

    [Fact]
    public async Task Malformed_hello_should_be_refused()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Accept();

        await owner.Send(new Frame { OwnerHello = new Protocol.Wire.Agent.OwnerHello { Statement = ByteString.CopyFromUtf8("hello") } });

        Assert.Equal(SessionFailure.Malformed, await owner.Goodbye());
    }

    [Fact]
    public async Task Finish_by_another_identity_should_be_refused()
    {
        await using var world = await AgentWorld.StartAsync();
        using var other = CustomerSecret.Create(Installation.Cluster, Installation.Customer, 1, SystemRandom.Fill);
        var owner = await world.Accept();
        await owner.SendHello();

        await owner.SendFinish(await owner.ReceiveAgentHello(), finish => finish with { Identity = other.Identity });

        Assert.Equal(SessionFailure.WrongIdentity, await owner.Goodbye());
    }

    [Fact]
    public async Task Finish_with_a_bad_signature_should_be_refused()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Accept();
        await owner.SendHello();

        await owner.SendFinish(await owner.ReceiveAgentHello(), static finish => finish with { Signature = new byte[64] });

        Assert.Equal(SessionFailure.BadSignature, await owner.Goodbye());
    }

    [Fact]
    public async Task Finish_that_nobody_waits_for_should_be_refused()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Accept();

        await owner.Send(new Frame { OwnerFinish = new Protocol.Wire.Agent.OwnerFinish() });

        Assert.Equal(RefusalCode.UnexpectedFrame, await owner.Goodbye());
    }

    [Fact]
    public async Task Hello_that_is_not_finished_should_leave_the_living_session_alone()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();
        var envelope = owner.Seal(1, 1, ("a", "print", "abc"));

        // Anybody on the way can send a hello; only the identity key finishes one.
        await owner.SendHello();
        await owner.ReceiveAgentHello();
        await owner.Send(envelope);

        await owner.Expect(MessageType.Acknowledged, "");
    }

    [Fact]
    public async Task End_of_a_use_should_wait_while_a_new_session_is_made()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();
        await owner.Send(owner.Seal(1, 1, ("a", "keep", "abc")));
        await owner.Expect(MessageType.Acknowledged, "");
        await owner.SendHello();
        var answer = await owner.ReceiveAgentHello();

        await owner.Send(owner.Seal(owner.Header(MessageType.EndUse, 1)));
        await Eventually.True(() => world.Host!.Slots.Taken(Name.Parse("keep")) == 0, "the end of the use");
        await owner.Send(owner.Seal(owner.Header(MessageType.Seen, 2)));
        await owner.Expect(MessageType.Barred, "barred");
        await owner.SendFinish(answer);

        Assert.Equal(MessageType.UseEnded, (await owner.Report()).Type);
    }

    [Fact]
    public async Task Goodbye_of_a_busy_node_should_say_when_the_agent_comes_again()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Accept();
        var sent = TimeProvider.System.GetTimestamp();

        await owner.Send(new Frame { Goodbye = new Goodbye { Code = "busy", AfterMilliseconds = 500 } });
        await owner.DisposeAsync();
        await world.Connect();

        // Its own backoff is 20 ms at most here.
        Assert.True(TimeProvider.System.GetElapsedTime(sent) >= TimeSpan.FromMilliseconds(450));
    }

    [Fact]
    public async Task New_session_on_the_same_link_should_replace_the_old_one()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();
        var old = owner.Seal(1, 1, ("a", "print", "abc"));
        await owner.Begin();

        await owner.Send(old);

        Assert.Equal(SessionFailure.WrongTranscript, await owner.Goodbye());
    }

    [Fact]
    public async Task Replayed_question_should_be_ignored()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();
        var question = owner.Seal(owner.Header(MessageType.Seen, 1));

        await owner.Send(question);
        Assert.Equal(UseWorld.HandOff(1), (await owner.Report()).Header.HandOff);
        await owner.Send(question);
        await owner.Send(owner.Seal(owner.Header(MessageType.Seen, 2)));

        Assert.Equal(UseWorld.HandOff(2), (await owner.Report()).Header.HandOff);
    }

    [Fact]
    public async Task Sealed_message_before_a_session_and_frames_of_the_wrong_direction_should_end_the_link()
    {
        await using var world = await AgentWorld.StartAsync();
        foreach (var frame in new[]
        {
            new Frame { SealedMessage = new Protocol.Wire.Agent.SealedMessage() },
            new Frame { AgentHello = new Protocol.Wire.Agent.AgentHello() },
        })
        {
            var owner = await world.Accept();
            await owner.Send(frame);
            Assert.Equal(RefusalCode.UnexpectedFrame, await owner.Goodbye());
        }
    }

    [Fact]
    public async Task Truncated_message_should_end_the_link_with_its_code()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();
        var frame = owner.Seal(1, 1, ("a", "print", "abc"));
        var header = frame.SealedMessage.Header.ToByteArray();
        frame.SealedMessage.Header = ByteString.CopyFrom(header, 0, header.Length - 1);

        await owner.Send(frame);

        Assert.Equal(SessionFailure.Malformed, await owner.Goodbye());
    }

    [Fact]
    public async Task Agent_should_connect_again_and_raise_its_generation()
    {
        await using var world = await AgentWorld.StartAsync();
        var first = await world.Connect();
        await first.DisposeAsync();
        var second = await world.Connect();

        Assert.Equal((1ul, 2ul), (first.AgentHello!.Generation, second.AgentHello!.Generation));
    }

    [Fact]
    public async Task Generation_should_stay_until_a_session_comes_to_be()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Accept();
        await owner.SendHello();
        await owner.ReceiveAgentHello();
        await owner.DisposeAsync();

        Assert.Equal(1ul, (await world.Connect()).AgentHello!.Generation);
    }

    [Fact]
    public async Task Agent_should_witness_the_highest_head_that_an_authentic_message_named()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();
        owner.Head = 41;
        await owner.Send(owner.Seal(owner.Header(MessageType.Seen, 1)));
        await owner.Report();
        await world.StopAgent();
        world.StartAgent();

        // The first link's rest may be accepted before the new one: only the new one answers.
        Assert.Equal(41ul, (await world.Connect()).AgentHello!.HighestHead);
        Assert.Equal(7ul, Witness.Load(world.State).Fence);
    }

    [Fact]
    public async Task Grant_should_be_renewed_when_it_is_due_and_only_by_the_identity()
    {
        await using var world = await AgentWorld.StartAsync(
            static g => g with { NotBefore = g.NotBefore.AddHours(-20), NotAfter = g.NotAfter.AddHours(-20) });
        var owner = await world.Connect();
        Assert.Equal(MessageType.Renew, (await owner.Report()).Type);
        using var other = CustomerSecret.Create(Installation.Cluster, Installation.Customer, 1, SystemRandom.Fill);
        var grant = world.Installation.Grant(world.AgentKey, AgentWorld.Boot);

        await owner.Send(owner.Seal(owner.Header(MessageType.Renewed, 0), Renewal(world, grant, other)));
        await owner.Send(owner.Seal(
            owner.Header(MessageType.Renewed, 0), Renewal(world, grant with { Agent = Name.Parse("other") }, world.Installation.Secret)));
        await owner.Send(owner.Seal(owner.Header(MessageType.Renewed, 0), "not protobuf"));
        await owner.Send(owner.Seal(owner.Header(MessageType.Seen, 1)));
        await owner.Report();
        Assert.NotEqual(grant.NotAfter.ToUnixTimeMilliseconds(), Enrolled.ReadGrant(world.State)!.NotAfter.ToUnixTimeMilliseconds());

        await owner.Send(owner.Seal(owner.Header(MessageType.Renewed, 0), Renewal(world, grant, world.Installation.Secret)));
        await owner.Send(owner.Seal(owner.Header(MessageType.Seen, 2)));
        await owner.Report();
        Assert.Equal(grant.NotAfter.ToUnixTimeMilliseconds(), Enrolled.ReadGrant(world.State)!.NotAfter.ToUnixTimeMilliseconds());
        await owner.DisposeAsync();
        await world.Connect();
    }

    [Fact]
    public async Task Stop_should_end_uses_report_them_and_say_goodbye()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();
        await owner.Send(owner.Seal(1, 1, ("a", "keep", "abc"), ("key", "serve", "KEY"), ("cert", "serve", "CERT")));
        await owner.Expect(MessageType.Acknowledged, "");

        var stopping = world.StopAgent();

        Assert.Equal((MessageType.UseEnded, HandOffState.Used), await TypeAndState(owner));
        Assert.Equal(RefusalCode.Stopping, await owner.Goodbye());
        await owner.DisposeAsync();
        await stopping;
    }

    [Fact]
    public async Task Use_that_ends_while_the_link_is_down_should_be_reported_in_the_next_session()
    {
        await using var world = await AgentWorld.StartAsync();
        var owner = await world.Connect();
        await owner.Send(owner.Seal(1, 1, ("a", "keep", "abc")));
        await owner.Expect(MessageType.Acknowledged, "");
        await owner.DisposeAsync();
        // The next link is there, so the agent knows that the session is not.
        var without = await world.Accept();
        var stopping = world.StopAgent();
        await without.End();
        await without.DisposeAsync();
        await stopping;
        world.StartAgent();

        var next = await world.Connect();
        await next.Expect(MessageType.UseEnded, "released");
    }

    [Fact]
    public async Task Second_agent_process_should_be_refused()
    {
        await using var world = await AgentWorld.StartAsync();

        Assert.Equal("already-running", Assert.Throws<AgentException>(world.StartAgent).Code);
    }

    private static async Task<(string, string)> TypeAndState(ScriptedOwner owner)
    {
        var (type, state, _, _) = await owner.Report();
        return (type, state);
    }

    private static byte[] Renewal(AgentWorld world, Protocol.Directory.Grant grant, CustomerSecret by)
    {
        var signed = by.Sign(grant);
        var renewal = new Renewal
        {
            Grant = ByteString.CopyFrom(signed.Statement.Span),
            GrantSignature = ByteString.CopyFrom(signed.Signature.Span),
        };
        renewal.Certificates.AddRange(world.Installation.Certificates(world.AgentKey).Select(static c => ByteString.CopyFrom(c)));
        return renewal.ToByteArray();
    }
}
