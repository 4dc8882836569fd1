using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Directory;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Tests.Attacks;

/// <summary>Changes of rows, policies, users and agents that somebody has no right to. The customer asks for two administrators.</summary>
public sealed class ChangeAttacks(DmzWorld world) : IClassFixture<DmzWorld>
{
    private static readonly byte[] Secret = "a new secret"u8.ToArray();

    internal static readonly AttackTable<Target> Table = new()
    {
        { "another upload than was signed", Codes.UploadWrong, t => Put(t, c =>
            (c.Put("new", Secret, "web").Request, c.Put("new", Secret, "web").Upload)) },
        { "an upload to another intake key", Codes.UploadWrong, t =>
            Put(t, c => c.Put("new", Secret, "web", intake: new SignerKey().Key)) },
        { "an upload bound to another credential", Codes.UploadWrong, t => Put(t, c => c.Put("new", Secret, "web", boundTo: "db")) },
        { "an upload that was cut", Codes.UploadWrong, t => Put(t, c =>
        {
            var (_, upload) = c.Put("new", Secret, "web");
            var cut = upload[..40];
            var payload = new PutCredentialPayload(
                TestCustomer.N("new"), CredentialKind.Password, TestCustomer.N("web"), 0, Protocol.Identifiers.Digest.Of(cut));
            return (c.Request(UserAction.PutCredential, payload), cut);
        }) },
        { "a version that is not the latest", Codes.VersionConflict, t => Put(t, c => c.Put("db", Secret, "web", replaces: 7)) },
        { "the last version that there is", RequestRefusal.Malformed, t =>
            Put(t, c => c.Put("db", Secret, "web", replaces: uint.MaxValue)) },
        { "a policy that does not exist", Codes.PolicyUnknown, t => Put(t, c => c.Put("new", Secret, "no-such")) },
        { "a move to another policy by one", RequestRefusal.CoSignatureNeeded, async t =>
        {
            await t.Customer.PutPolicy("open", ["web-1"]);
            return await Put(t, c => c.Put("db", Secret, "open", replaces: 1));
        } },
        { "a put by an operator", RequestRefusal.RoleForbids, t => Put(t, c => c.Put("new", Secret, "web", user: "carol")) },
        { "a policy widened by one", RequestRefusal.CoSignatureNeeded, t =>
            Change(t, UserAction.PutPolicy, t.Customer.Policy("web", ["web-1", "web-2"])) },
        { "a policy widened by one person twice", RequestRefusal.CoSignatureNeeded, t => Change(
            t, UserAction.PutPolicy, t.Customer.Policy("web", ["web-1", "web-2"]), co: "alice") },
        { "a policy widened with an operator", RequestRefusal.RoleForbids, t => Change(
            t, UserAction.PutPolicy, t.Customer.Policy("web", ["web-1", "web-2"]), co: "carol") },
        { "the built-in policy opened", RequestRefusal.Malformed, t => Change(
            t, UserAction.PutPolicy, t.Customer.Policy(ReleasePolicy.Default.Value, ["web-1"])) },
        { "a user added by one", RequestRefusal.CoSignatureNeeded, t => Change(
            t, UserAction.PutUser, new PutUserPayload(TestCustomer.N("eve"), Role.Administrator, new SignerKey().Key)) },
        { "a user removed by an operator", RequestRefusal.RoleForbids, t => Change(
            t, UserAction.RemoveUser, new NamePayload(TestCustomer.N("bob")), user: "carol") },
        { "an administrator removes themselves", Codes.LastAdministrator, t => Change(
            t, UserAction.RemoveUser, new NamePayload(TestCustomer.N("alice")), co: "bob") },
        { "a co-signer is removed", Codes.LastAdministrator, t => Change(
            t, UserAction.RemoveUser, new NamePayload(TestCustomer.N("bob")), co: "bob") },
        { "an administrator demotes themselves", Codes.LastAdministrator, t => Change(
            t, UserAction.PutUser, new PutUserPayload(TestCustomer.N("alice"), Role.Monitor, t.Customer.Users["alice"].Key), co: "bob") },
        { "a payload of another action", RequestRefusal.Malformed, t =>
            Change(t, UserAction.RemoveUser, t.Customer.LaunchOf(), co: "bob") },
        { "a request sent as another action", RequestRefusal.WrongAction, async t => (await t.Customer.Submit(
            t.Customer.Request(UserAction.RemoveAgent, new NamePayload(t.Agent.Name)), UserAction.DeleteCredential)).Code! },
        { "an action that changes nothing", RequestRefusal.Malformed, t => Change(t, UserAction.Launch, t.Customer.LaunchOf()) },
        { "a removed user put back by replay", Codes.AlreadyCommitted, async t =>
        {
            var put = t.Customer.Request(
                UserAction.PutUser, new PutUserPayload(TestCustomer.N("eve"), Role.Operator, new SignerKey().Key), co: "bob");
            Assert.Null((await t.Customer.Submit(put, UserAction.PutUser)).Code);
            await t.Customer.Change(UserAction.RemoveUser, new NamePayload(TestCustomer.N("eve")), co: true);
            return await Replay(t, new Change.ByUser(put, UserAction.PutUser, default), EntryKey.User(TestCustomer.N("eve")));
        } },
        { "a removed agent enrolled again by replay", Codes.AlreadyCommitted, async t =>
        {
            var (change, agent) = await Enrolment(t.Customer);
            using (agent)
            {
                Assert.Null((await t.Customer.Submit(change)).Code);
                await t.Customer.Change(UserAction.RemoveAgent, new NamePayload(agent.Name));
                return await Replay(t, change, EntryKey.Grant(agent.Name));
            }
        } },
        { "an enrolment token twice", Codes.AlreadyCommitted, async t =>
        {
            var (change, agent) = await Enrolment(t.Customer);
            using (agent)
            {
                Assert.Null((await t.Customer.Submit(change)).Code);
                return (await t.Customer.Submit(change)).Code!;
            }
        } },
        { "a redeemed token for a removed agent", Codes.AlreadyCommitted, async t =>
        {
            var (change, agent) = await Enrolment(t.Customer);
            using (agent)
            {
                Assert.Null((await t.Customer.Submit(change)).Code);
                await t.Customer.Change(UserAction.RemoveAgent, new NamePayload(agent.Name));
                return (await t.Customer.Submit(change)).Code!;
            }
        } },
        { "an expired token", Codes.InvitationExpired, async t =>
        {
            var (change, agent) = await Enrolment(t.Customer);
            t.Customer.World.Time.Advance(TimeSpan.FromMinutes(11.9));
            t.Customer.World.Time.Advance(TimeSpan.FromMinutes(1));
            using (agent)
            {
                return (await t.Customer.Submit(change with { Invitation = Again(t.Customer, change) })).Code!;
            }
        } },
        { "a token that lives too long", Codes.InvitationTooLong, t => BadEnrolment(t, bendInvitation: i =>
            i with { NotAfter = t.Customer.World.Time.GetUtcNow() + TimeSpan.FromHours(1) }) },
        { "a token for another agent", Codes.InvitationOfAnother, t =>
            BadEnrolment(t, bend: a => a with { Agent = TestCustomer.N("web-1") }) },
        { "a token for another instance", Codes.InvitationOfAnother, t => BadEnrolment(t, bend: a => a with { Instance = "i-2" }) },
        { "a token of another customer", Codes.InvitationOfAnother, t =>
            BadEnrolment(t, bend: a => a with { Customer = TestCustomer.N("other") }) },
        { "a stolen statement with another agent's key", Codes.AgentRequestForged, async t =>
        {
            var (change, agent) = await Enrolment(t.Customer);
            using (agent)
            {
                return (await t.Customer.Submit(change with { AgentSignature = new SignerKey()
                    .Sign(change.Request.Statement.Span) })).Code!;
            }
        } },
        { "a request that the token did not sign", Codes.AgentRequestForged, async t =>
        {
            var (change, agent) = await Enrolment(t.Customer);
            using (agent)
            {
                var stolen = change.Request.Read<AgentRequest>() with { Key = new SignerKey().Key };
                return (await t.Customer.Submit(change with { Request = new SignerKey().Sign(stolen) })).Code!;
            }
        } },
        { "an invitation by an operator", RequestRefusal.RoleForbids, t => BadEnrolment(t, user: "carol") },
        { "entries that do not stand under the head", Codes.EntryForged, async t =>
        {
            var (entries, head) = await t.Customer.Read(EntryKey.User(TestCustomer.N("carol")));
            var raised = entries[0].Read<UserEntry>()! with { Role = Role.Administrator };
            var forged = entries[0] with
            {
                Statement = raised.Encode(),
                Leaf = Protocol.Merkle.TreeHash.Leaf(entries[0].LeafKey, Protocol.Identifiers.Digest.Of(raised.Encode())),
            };
            var change = new Change.ByUser(
                t.Customer.Request(UserAction.PutPolicy, t.Customer.Policy("p", ["x"]), "carol"), UserAction.PutPolicy, default);
            return (await t.Customer.Ask<Result<PreparedChanges>>(r => new CustomerKeyMessage.Prepare([change], [forged], head, r))).Code!;
        } },
        { "a head that the key did not sign", Codes.HeadUnknown, async t =>
        {
            var (entries, head) = await t.Customer.Read(EntryKey.User(TestCustomer.N("alice")));
            var forged = new SignerKey().Sign(head.Read<CustomerHead>() with { Counter = 1 });
            return (await t.Customer.Ask<Result<PreparedChanges>>(r => new CustomerKeyMessage.Prepare([], entries, forged, r))).Code!;
        } },
        { "an entry that was not brought", Codes.Malformed, async t =>
        {
            var (entries, head) = await t.Customer.Read(EntryKey.User(TestCustomer.N("alice")));
            var change = new Change.ByUser(
                t.Customer.Request(UserAction.PutPolicy, t.Customer.Policy("web", ["x"])), UserAction.PutPolicy, default);
            var prepared = await t.Customer.Ask<Result<PreparedChanges>>(r => new CustomerKeyMessage.Prepare([change], entries, head, r));
            return prepared.Value!.Refusals[0]!.Code;
        } },
    };

    // What is not of its form is no principal's deed that could be told; what is not under the head is the zone's.
    private static readonly HashSet<string> NotAudited = [RequestRefusal.Malformed, Codes.Malformed, Codes.EntryForged, Codes.HeadUnknown];

    public static TheoryData<string> Names => Table.Names();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_key_should_refuse_to_change(string attack)
    {
        var (customer, agent) = await world.Ready(administratorsRequired: 2);
        var target = new Target(customer, agent);
        var before = await target.Gauge();

        await Table.Run(attack, target);

        if (!NotAudited.Contains(Table[attack].Code))
        {
            await target.ShouldBeAudited(Table[attack].Code);
        }

        await target.ShouldHaveOpenedNothing();
        Assert.Equal(before, await target.Gauge());
        agent.Disconnect();
    }

    private static async Task<string> Put(Target t, Func<TestCustomer, (SignedRequest Request, byte[] Upload)> make)
    {
        var (request, upload) = make(t.Customer);
        var before = (await t.Customer.Status()).HeadCounter;
        var code = (await t.Customer.Submit(request, UserAction.PutCredential, upload)).Code;
        Assert.Equal(before, (await t.Customer.Status()).HeadCounter);
        return code!;
    }

    private static async Task<string> Change<T>(Target t, UserAction action, T payload, string user = "alice", string? co = null)
        where T : IStatement<T>
    {
        var before = (await t.Customer.Status()).HeadCounter;
        var code = (await t.Customer.Submit(t.Customer.Request(action, payload, user, co), action)).Code;
        Assert.Equal(before, (await t.Customer.Status()).HeadCounter);
        return code!;
    }

    // A gateway that brings the entries itself need not tell the zone which request it was.
    private static async Task<string> Replay(Target t, Change change, EntryKey subject)
    {
        var (entries, head) = await t.Customer.Read(
            EntryKey.User(TestCustomer.N("alice")), EntryKey.User(TestCustomer.N("bob")), ChangeKeys.Record(change.Cause!), subject);
        var prepared = await t.Customer.Ask<Result<PreparedChanges>>(r => new CustomerKeyMessage.Prepare([change], entries, head, r));
        return prepared.Value!.Refusals[0]?.Code ?? "prepared";
    }

    private static async Task<(Change.Enrolment Change, AgentEnd Agent)> Enrolment(TestCustomer customer)
    {
        var token = new SignerKey();
        var invitation = await customer.Invite("web-2", token);
        var agent = new AgentEnd(customer, TestCustomer.N("web-2"), customer.NewId());
        var asked = token.Sign(customer.AgentAsks("web-2", token.Key, agent.Key, agent.Boot));
        return (new Change.Enrolment(invitation, asked, agent.Sign(asked.Statement.Span)), agent);
    }

    // The same invitation in a request that is still good: what is over is the token.
    private static SignedRequest Again(TestCustomer customer, Change.Enrolment change) =>
        customer.Request(UserAction.InviteAgent, Statement.Read<InviteAgentPayload>(change.Invitation.Payload.Span));

    private static async Task<string> BadEnrolment(
        Target t, Func<AgentRequest, AgentRequest>? bend = null, Func<InviteAgentPayload, InviteAgentPayload>? bendInvitation = null,
        string user = "alice")
    {
        var token = new SignerKey();
        var invitation = t.Customer.Invitation("web-2", token.Key);
        var request = t.Customer.Request(UserAction.InviteAgent, bendInvitation?.Invoke(invitation) ?? invitation, user);
        using var agent = new AgentEnd(t.Customer, TestCustomer.N("web-2"), t.Customer.NewId());
        var asked = t.Customer.AgentAsks("web-2", token.Key, agent.Key, agent.Boot);
        var signed = token.Sign(bend?.Invoke(asked) ?? asked);
        return (await t.Customer.Submit(new Change.Enrolment(request, signed, agent.Sign(signed.Statement.Span)))).Code!;
    }
}
