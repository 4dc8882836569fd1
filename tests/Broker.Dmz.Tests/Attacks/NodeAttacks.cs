using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Links.Identity;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Secrets;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Tests.Attacks;

/// <summary>
/// A second DMZ node whose certificate is good and which holds no customer's key, consoles that may not enrol, and shares that are
/// not what they should be.
/// </summary>
public sealed class NodeAttacks(DmzWorld world) : IClassFixture<DmzWorld>
{
    internal static readonly AttackTable<Target> Table = new()
    {
        { "a claim without the key", "bad-signature", async t => await Claim(t, new SignerKey().Sign(await NextClaim(t))) },
        { "a claim that is replayed", "stale-fence", async t =>
        {
            var block = (await t.Customer.Ledger()).Last(b => b.Kind == BlockKind.Claim);
            var claim = Protocol.Statements.Statement.Read<SignedRecord>(block.Body.Span).Statement;
            await t.Customer.World.Node.Zone.ClaimAsync(new Wire.ClaimRequest { Claim = WireSigned.To(claim) }, default);
            return "claimed";
        } },
        { "a claim in another node's name", "wrong-node", async t => await Claim(
            t, new SignerKey().Sign(await NextClaim(t) with { Node = t.Customer.World.Node.Node })) },
        { "a forged outcome", "bad-signature", async t =>
        {
            var launch = t.Customer.Launch("web-1", "db");
            await t.Customer.Release(launch);
            var outcomes = new Outcomes(t.Customer.World.Node.Cluster, t.Customer.Name, [new Outcome(
                Target.HandOffIdOf(launch), 1, launch.Hash, HandOffState.Acknowledged, "", t.Customer.World.Time.GetUtcNow())]);
            var request = new Wire.AppendOutcomeRequest { Customer = t.Customer.Name.Value, Fence = (await t.Customer.Status()).Fence };
            request.Outcomes = WireSigned.To(new SignerKey().Sign(outcomes));
            await t.Customer.World.HostileNode.AppendOutcomeAsync(request, default);
            return "appended";
        } },
        { "a commit under a forged head", "bad-signature", async t =>
        {
            var state = await t.Customer.ZoneState();
            var head = WireSigned.From(state.Head).Read<CustomerHead>();
            var request = new Wire.CommitRequest
            {
                Customer = t.Customer.Name.Value,
                Fence = state.Fence,
                ExpectedCounter = head.Counter,
                Head = WireSigned.To(new SignerKey().Sign(head with { Counter = head.Counter + 1 })),
            };
            await t.Customer.World.HostileNode.CommitAsync(request, default);
            return "committed";
        } },
        { "a commit under an old fence", "stale-fence", async t =>
        {
            var state = await t.Customer.ZoneState();
            await t.Customer.World.HostileNode.CommitAsync(
                new Wire.CommitRequest
                {
                    Customer = t.Customer.Name.Value,
                    Fence = state.Fence - 1,
                    Head = state.Head,
                    ExpectedCounter = 1,
                },
                default);
            return "committed";
        } },
        { "a lock by nobody", RequestRefusal.UnknownUser, t => Lock(t, () =>
        {
            t.Customer.Users["mallory"] = new SignerKey();
            return t.Customer.Request(UserAction.Lock, new LockPayload(0, "x"), "mallory");
        }) },
        { "a lock with another key", RequestRefusal.BadSignature, t => Lock(
            t, () => t.Customer.Request(UserAction.Lock, new LockPayload(0, "x"), by: new SignerKey())) },
        { "an invitation by an operator at the zone", RequestRefusal.RoleForbids, async t =>
        {
            var request = t.Customer.Request(UserAction.InviteAgent, t.Customer.Invitation("web-2", new SignerKey().Key), "carol");
            await t.Customer.World.HostileNode.InviteAgentAsync(
                new Wire.InviteAgentRequest
                {
                    Customer = t.Customer.Name.Value,
                    Fence = (await t.Customer.Status()).Fence,
                    Request = ByteString.CopyFrom(request.Encode()),
                },
                default);
            return "invited";
        } },
        { "a lift of an old generation", Codes.LiftWrongGeneration, t => Lift(t, g => g - 1, "alice") },
        { "a lift by an operator", RequestRefusal.RoleForbids, t => Lift(t, g => g, "carol") },
        { "a claim said to have lifted the lock", Codes.LiftNeeded, async t =>
        {
            await LockedAndGiven(t);
            var state = await t.Customer.ZoneState();
            t.Customer.Refs.Key.Tell(new CustomerKeyMessage.Claimed(state));
            var check = await t.Customer.Submit(
                t.Customer.Request(UserAction.PutPolicy, t.Customer.Policy("p", ["x"])), UserAction.PutPolicy);
            return check.Code!;
        } },
        { "a share sealed to another incarnation", Codes.ShareWrongIncarnation, async t =>
        {
            await t.Customer.Wipe();
            return (await t.Customer.Give(t.Customer.ShareFor(1, new SignerKey().Key))).Code!;
        } },
        { "a share of another customer", Codes.ShareForeign, async t =>
        {
            var other = await t.Customer.World.Enrolled();
            await other.Wipe();
            await t.Customer.Wipe();
            using var share = other.OpenShare(1);
            return await GiveAs(t, share);
        } },
        { "a share of another index", Codes.ShareWrongIncarnation, async t =>
        {
            await t.Customer.Wipe();
            return (await t.Customer.Give(t.Customer.ShareFor(1) with { Index = 2 })).Code!;
        } },
        { "a share that is garbage", Codes.ShareForeign, async t =>
        {
            await t.Customer.Wipe();
            var custody = t.Customer.Custody;
            var node = t.Customer.World.Node;
            var info = CustodyInfo.ShareForUnlock(
                node.Cluster, t.Customer.Name, 1, custody.Shares!.Split, 1, node.Incarnation.Key.Fingerprint);
            var garbage = Hpke.Seal(
                node.Incarnation.Key.Bytes.Span, info, CustodyInfo.AcceptedHead(0, Digest.Zero), new byte[300], SystemRandom.Fill);
            return (await t.Customer.Give(t.Customer.ShareFor(1) with { Sealed = garbage })).Code!;
        } },
        { "a plan by a console that may not enrol", Codes.PlanRefused, async t =>
        {
            var console = t.Customer.World.Issue(LinkRole.Console, "console-2");
            var other = await t.Customer.World.NewCustomer();
            return (await other.AskToEnrol(other.Plan(), console)).Code!;
        } },
        { "a plan signed by a node", "wrong-role", async t =>
        {
            var node = t.Customer.World.Issue(LinkRole.Dmz, "dmz-3");
            var other = await t.Customer.World.NewCustomer();
            return (await other.AskToEnrol(other.Plan(), node)).Code!;
        } },
        { "a plan for another incarnation", Codes.PlanWrongIncarnation, async t =>
        {
            var other = await t.Customer.World.NewCustomer();
            return (await other.AskToEnrol(other.Plan() with { Incarnation = Digest.Of([1]) })).Code!;
        } },
        { "a plan whose time is over", Codes.PlanRefused, async t =>
        {
            var other = await t.Customer.World.NewCustomer();
            return (await other.AskToEnrol(
                other.Plan() with { NotAfter = t.Customer.World.Time.GetUtcNow() - TimeSpan.FromMinutes(5) })).Code!;
        } },
        { "a second enrolment of the customer", Codes.CustomerExists, async t => (await t.Customer.AskToEnrol(t.Customer.Plan())).Code! },
        { "a wrong confirmation", Codes.ConfirmationWrong, async t =>
        {
            var other = await t.Customer.World.NewCustomer();
            await other.AskToEnrol(other.Plan());
            var confirmed = await other.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.Confirm("shares", 1, new byte[32], r));
            await other.Wipe();
            return confirmed.Code!;
        } },
    };

    public static TheoryData<string> Names => Table.Names();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_node_should_be_refused(string attack)
    {
        var (customer, agent) = await world.Ready();
        var target = new Target(customer, agent);
        var before = (await customer.ZoneState()).Fence;

        await Table.Run(attack, target);

        Assert.DoesNotContain(await customer.Outcomes(), o => o.State == HandOffState.Acknowledged);
        Assert.Equal(before, (await customer.ZoneState()).Fence);
        agent.Disconnect();
        await customer.Wipe();
    }

    private static async Task<Claim> NextClaim(Target t)
    {
        var state = await t.Customer.ZoneState();
        return new Claim(t.Customer.World.Node.Cluster, t.Customer.Name, 1, TestCustomer.N("dmz-2"), Digest.Of([2]), state.Fence + 1,
            state.LiftedGeneration);
    }

    private static async Task<string> Claim(Target t, Protocol.Statements.Signed claim)
    {
        await t.Customer.World.HostileNode.ClaimAsync(new Wire.ClaimRequest { Claim = WireSigned.To(claim) }, default);
        return "claimed";
    }

    private static async Task<string> Lock(Target t, Func<SignedRequest> request)
    {
        await t.Customer.World.HostileNode.LockAsync(
            new Wire.LockRequest { Customer = t.Customer.Name.Value, Request = ByteString.CopyFrom(request().Encode()) }, default);
        return "locked";
    }

    private static async Task LockedAndGiven(Target t)
    {
        await Lock(t, () => t.Customer.Request(UserAction.Lock, new LockPayload(0, "test")));
        await t.Customer.Wipe();
        await t.Customer.Give(t.Customer.ShareFor(1));
        await t.Customer.Give(t.Customer.ShareFor(2));
        await t.Customer.Until(s => s.State == KeyState.LiftNeeded);
    }

    private static async Task<string> Lift(Target t, Func<ulong, ulong> generation, string user)
    {
        await LockedAndGiven(t);
        var stands = (await t.Customer.ZoneState()).LockGeneration;
        return (await t.Customer.Lift(t.Customer.Request(UserAction.LiftLock, new LockPayload(generation(stands), "test"), user))).Code!;
    }

    // Another customer's share under this customer's name: the seal is right, what is sealed is not.
    private static async Task<string> GiveAs(Target t, ShareRecord share)
    {
        var node = t.Customer.World.Node;
        var sealedShare = share.SealForUnlock(node.Incarnation.Key, CustodyInfo.AcceptedHead(0, Digest.Zero), SystemRandom.Fill);
        var model = t.Customer.ShareFor(1) with { Split = share.Split.ToString(), Sealed = sealedShare };
        var code = (await t.Customer.Give(model)).Code!;

        // It is bound to its customer by the seal already.
        Assert.Equal(Codes.ShareWrongIncarnation, code);
        return Codes.ShareForeign;
    }
}
