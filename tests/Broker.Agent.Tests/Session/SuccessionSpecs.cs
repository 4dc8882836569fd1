using Broker.Agent.Session;
using Broker.Agent.State;
using Broker.Agent.Tests.Support;
using Broker.Protocol.Custody;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Protocol.Wire.Agent;
using Broker.Secrets;
using Google.Protobuf;
using Succession = Broker.Protocol.Custody.Succession;

namespace Broker.Agent.Tests.Session;

/// <summary>An agent follows its customer's identity by the signatures of each to the next, and by nothing else.</summary>
[Collection(SecretsCollection.Name)]
public sealed class SuccessionSpecs
{
    [Fact]
    public async Task Agent_should_follow_a_succession_and_keep_the_grant_of_the_new_identity()
    {
        await using var world = await AgentWorld.StartAsync();
        var old = world.Installation.Secret;
        using var next = old.Succeed(SystemRandom.Fill);
        var owner = await world.Accept();
        owner.Secret = next;

        await owner.SendHello(null, Link(next));
        await owner.SendFinish(await owner.ReceiveAgentHello());
        Assert.Equal(MessageType.Renew, (await owner.Report()).Type);

        // A grant by the identity before no longer counts in this session.
        var grant = world.Installation.Grant(world.AgentKey, AgentWorld.Boot) with { Epoch = 2, Identity = next.Identity.Fingerprint };
        await owner.Send(owner.Seal(owner.Header(MessageType.Renewed, 0), Renewal(world, grant, old)));
        await owner.Send(owner.Seal(owner.Header(MessageType.Seen, 1)));
        await owner.Report();
        Assert.Equal(old.Identity.Fingerprint, Enrolled.ReadGrant(world.State)!.Identity);

        await owner.Send(owner.Seal(owner.Header(MessageType.Renewed, 0), Renewal(world, grant, next)));
        await owner.Send(owner.Seal(owner.Header(MessageType.Seen, 2)));
        await owner.Report();
        Assert.Equal(next.Identity.Fingerprint, Enrolled.ReadGrant(world.State)!.Identity);

        await owner.DisposeAsync();
        var again = await world.Accept();
        again.Secret = next;
        await again.Begin();
        await again.DisposeAsync();
        Assert.Equal(SessionFailure.WrongIdentity, await Refused(world, old));
    }

    [Fact]
    public async Task Agent_should_refuse_an_identity_that_nothing_leads_to()
    {
        await using var world = await AgentWorld.StartAsync();
        using var next = world.Installation.Secret.Succeed(SystemRandom.Fill);
        using var stranger = CustomerSecret.Create(Installation.Cluster, Installation.Customer, 1, SystemRandom.Fill);
        using var after = stranger.Succeed(SystemRandom.Fill);

        Assert.Equal(SessionFailure.WrongIdentity, await Refused(world, next));
        Assert.Equal(SessionFailure.WrongIdentity, await Refused(world, next, Link(next, by: stranger)));
        Assert.Equal(SessionFailure.WrongIdentity, await Refused(world, after, Link(after), Link(next)));
        Assert.Equal(SessionFailure.WrongIdentity, await Refused(world, next, new Signed(Link(next).Statement, new byte[64])));
        Assert.Equal(SessionFailure.WrongIdentity, await Refused(world, next, new Signed(new byte[9], new byte[7])));
    }

    [Fact]
    public async Task Agent_should_not_follow_an_identity_that_was_given_up_as_compromised()
    {
        await using var world = await AgentWorld.StartAsync();
        using var next = world.Installation.Secret.Succeed(SystemRandom.Fill);

        Assert.Equal(RefusalCode.SuccessionBroken, await Refused(world, next, Link(next, compromised: true)));
    }

    private static async Task<string> Refused(AgentWorld world, CustomerSecret secret, params Signed[] successions)
    {
        await using var owner = await world.Accept();
        owner.Secret = secret;
        await owner.SendHello(null, successions);
        return await owner.Goodbye();
    }

    private static Signed Link(CustomerSecret next, bool compromised = false, CustomerSecret? by = null)
    {
        var old = next.Predecessor!;
        var signed = (by ?? old).Sign(
            new Succession(next.Cluster, next.Customer, next.Epoch, old.Identity, next.Identity, compromised));
        return next.Sign(new SuccessionRecord(signed.Statement, compromised ? ReadOnlyMemory<byte>.Empty : signed.Signature));
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
