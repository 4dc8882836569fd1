using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Attacks;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Directory;
using Broker.Protocol.Requests;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Tests.Versions;

/// <summary>
/// Steps that nobody may take, and stages that a zone or a gateway lies about. At the start <c>db</c> has version 1 retired, 2
/// current, 3 staged; <c>db2</c> has 1 current, 2 pending; <c>plain</c> has no stages.
/// </summary>
public sealed class StageAttacks(DmzWorld world) : IClassFixture<DmzWorld>
{
    private static readonly HashSet<string> NotAudited =
        [RequestRefusal.Malformed, Codes.EntryForged, Codes.HeadUnknown, Codes.VersionPending];

    internal static readonly AttackTable<Target> Table = new()
    {
        { "a version staged by an operator", RequestRefusal.RoleForbids, t => Step(t, UserAction.StageVersion, "db2", 2, "carol") },
        { "a version promoted by an operator", RequestRefusal.RoleForbids, t => Promote(t, "db", 3, 2, "carol") },
        { "a version retired by an operator", RequestRefusal.RoleForbids, t => Step(t, UserAction.RetireVersion, "db", 3, "carol") },
        { "a version deleted by an operator", RequestRefusal.RoleForbids, t => Step(t, UserAction.DeleteVersion, "db", 1, "carol") },
        { "a next version put by an operator", RequestRefusal.RoleForbids, t => PutNext(t, "plain", 1, user: "carol") },
        { "a pending version promoted", Codes.VersionNotStaged, t => Promote(t, "db2", 2, 1) },
        { "a retired version promoted", Codes.VersionRetired, t => Promote(t, "db", 1, 2) },
        { "the current version promoted", Codes.VersionInUse, t => Promote(t, "db", 2, 2) },
        { "a version that was never put promoted", Codes.CredentialUnknown, t => Promote(t, "db", 4, 2) },
        { "version 0 promoted", Codes.CredentialUnknown, t => Promote(t, "db", 0, 2) },
        { "a promotion in place of another version", Codes.VersionConflict, t => Promote(t, "db", 3, 1) },
        { "a version of no credential staged", Codes.CredentialUnknown, t => Step(t, UserAction.StageVersion, "no-such", 1) },
        { "a staged version staged again", Codes.VersionNotPending, t => Step(t, UserAction.StageVersion, "db", 3) },
        { "a retired version staged", Codes.VersionRetired, t => Step(t, UserAction.StageVersion, "db", 1) },
        { "the current version retired", Codes.VersionInUse, t => Step(t, UserAction.RetireVersion, "db", 2) },
        { "the current version deleted", Codes.VersionInUse, t => Step(t, UserAction.DeleteVersion, "db", 2) },
        { "the only version of a credential without stages deleted", Codes.VersionInUse, t =>
            Step(t, UserAction.DeleteVersion, "plain", 1) },
        { "a staged version deleted", Codes.VersionInUse, t => Step(t, UserAction.DeleteVersion, "db", 3) },
        { "a pending version deleted", Codes.VersionInUse, t => Step(t, UserAction.DeleteVersion, "db2", 2) },
        { "a version deleted twice", Codes.CredentialUnknown, async t =>
        {
            await t.Customer.Change(UserAction.DeleteVersion, new VersionPayload(TestCustomer.N("db"), 1));
            return await Step(t, UserAction.DeleteVersion, "db", 1);
        } },
        { "a next version of nothing", Codes.CredentialUnknown, t => PutNext(t, "new", 0) },
        { "a next version while one is staged", Codes.VersionUnderWay, t => PutNext(t, "db", 3) },
        { "a next version while one is pending", Codes.VersionUnderWay, t => PutNext(t, "db2", 2) },
        { "a next version under another policy", Codes.VersionConflict, async t =>
        {
            await t.Customer.PutPolicy("open", ["web-1"]);
            return await PutNext(t, "plain", 1, policy: "open");
        } },
        { "a plain put while a version is staged", Codes.VersionUnderWay, t => Put(t, "db", 3) },
        { "a next version sent as a plain put", RequestRefusal.WrongAction, async t =>
        {
            var (request, upload) = t.Customer.PutNext("plain", [1], 1);
            return (await t.Customer.Submit(request, UserAction.PutCredential, upload)).Code!;
        } },
        { "a plain put sent as a next version", RequestRefusal.WrongAction, async t =>
        {
            var (request, upload) = t.Customer.Put("plain", [1], "web", 1);
            return (await t.Customer.Submit(request, UserAction.PutNextVersion, upload)).Code!;
        } },
        { "two promotions at once", Codes.VersionInUse, async t =>
        {
            var payload = new PromotePayload(TestCustomer.N("db"), 3, 2, false, []);
            var both = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ =>
                t.Customer.Submit(t.Customer.Request(UserAction.PromoteVersion, payload), UserAction.PromoteVersion)));
            return Assert.Single(both, static r => r.Code is not null).Code!;
        } },
        { "a promotion replayed", Codes.AlreadyCommitted, async t =>
        {
            var promote = t.Customer.Request(
                UserAction.PromoteVersion, new PromotePayload(TestCustomer.N("db"), 3, 2, false, []));
            Assert.Null((await t.Customer.Submit(promote, UserAction.PromoteVersion)).Code);
            return await Replay(t, promote);
        } },
        { "a promotion replayed after the next one", Codes.AlreadyCommitted, async t =>
        {
            var promote = t.Customer.Request(
                UserAction.PromoteVersion, new PromotePayload(TestCustomer.N("db"), 3, 2, false, []));
            Assert.Null((await t.Customer.Submit(promote, UserAction.PromoteVersion)).Code);
            await t.Customer.PutStaged("db", "fourth"u8.ToArray(), 3);
            return await Replay(t, promote);
        } },
        { "an old stage shown for a promotion", Codes.EntryForged, async t =>
        {
            // The entry under which version 3 is staged, under the head that follows its end.
            var (before, _) = await t.Customer.Read(EntryKey.Credential(TestCustomer.N("db")));
            await t.Customer.Change(UserAction.RetireVersion, new VersionPayload(TestCustomer.N("db"), 3));
            var promote = t.Customer.Request(
                UserAction.PromoteVersion, new PromotePayload(TestCustomer.N("db"), 3, 2, false, []));
            var (entries, head) = await t.Customer.Read(EntryKey.User(TestCustomer.N("alice")), ChangeKeys.Record(promote));
            var prepared = await t.Customer.Ask<Result<PreparedChanges>>(r => new CustomerKeyMessage.Prepare(
                [new Change.ByUser(promote, UserAction.PromoteVersion, default)], [.. entries, .. before], head, r));
            return prepared.Code!;
        } },
        { "a stage withheld for a promotion", Codes.Malformed, async t =>
        {
            var promote = t.Customer.Request(
                UserAction.PromoteVersion, new PromotePayload(TestCustomer.N("db"), 3, 2, false, []));
            var (entries, head) = await t.Customer.Read(EntryKey.User(TestCustomer.N("alice")), ChangeKeys.Record(promote));
            var prepared = await t.Customer.Ask<Result<PreparedChanges>>(r => new CustomerKeyMessage.Prepare(
                [new Change.ByUser(promote, UserAction.PromoteVersion, default)], entries, head, r));
            return prepared.Value!.Refusals[0]!.Code;
        } },
        { "an old stage shown for a launch", Codes.EntryForged, async t =>
        {
            var staged = Entry(await t.Customer.Release(t.Customer.Launch(version: 3)));
            await t.Customer.Promote("db", 3, 2);
            var launch = t.Customer.Launch();
            var released = await t.Customer.Release(launch);
            released.Entries.Remove(Entry(released));
            released.Entries.Add(staged);
            return await t.Customer.Seal(t.Agent, launch, released);
        } },
        { "a launch of a pending version", "version-pending", async t =>
        {
            var launch = t.Customer.Launch(credential: "db2", version: 2);
            return await t.Customer.Seal(t.Agent, launch, await t.Customer.Release(launch));
        } },
        { "a launch of a retired version", "version-retired", async t =>
        {
            var launch = t.Customer.Launch(version: 1);
            return await t.Customer.Seal(t.Agent, launch, await t.Customer.Release(launch));
        } },
    };

    public static TheoryData<string> Names => Table.Names();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_key_should_refuse(string attack)
    {
        var (customer, agent) = await world.Ready();
        await customer.PutCredential("db2", "another secret"u8.ToArray(), "web");
        await customer.PutCredential("plain", "a third"u8.ToArray(), "web");
        await customer.PutPending("db2", "another, next"u8.ToArray(), 1);
        await customer.PutStaged("db", "second"u8.ToArray(), 1);
        await customer.Promote("db", 2, 1);
        await customer.PutStaged("db", "third"u8.ToArray(), 2);
        var target = new Target(customer, agent);
        var before = await target.Gauge();

        await Table.Run(attack, target);

        if (!NotAudited.Contains(Table[attack].Code) && Table[attack].Code is not (Codes.Malformed or Codes.AlreadyCommitted) &&
            !attack.StartsWith("a launch", StringComparison.Ordinal))
        {
            await target.ShouldBeAudited(Table[attack].Code);
        }

        await target.ShouldHaveOpenedNothing();
        Assert.Equal(before, await target.Gauge());
        Assert.Single(CredentialStages.Of(await customer.Entry("db")).Versions, static v => v.Stage == VersionStage.Current);
        agent.Disconnect();
    }

    /// <summary>What the key decides where a zone has given a row that it should have kept.</summary>
    [Theory]
    [InlineData(1, Codes.VersionRetired)]
    [InlineData(2, null)]
    [InlineData(3, Codes.VersionPending)]
    [InlineData(4, null)]
    public void A_launch_should_be_allowed_by_stage(uint version, string? code)
    {
        var name = TestCustomer.N("db");
        var entry = new CredentialEntry(name, name, name, CredentialKind.Password, name, 1, 1, DateTimeOffset.UnixEpoch, name);
        Assert.Null(Dmz.Customers.Stages.Forbid(entry, version));
        var stages = CredentialStages.Of(entry).Add(VersionStage.Current, 1, DateTimeOffset.UnixEpoch, name)
            .Add(VersionStage.Pending, 1, DateTimeOffset.UnixEpoch, name);
        Assert.Equal(code, Dmz.Customers.Stages.Forbid(entry.With(stages), version)?.Code);
    }

    private static async Task<string> Replay(Target t, SignedRequest promote)
    {
        Assert.Equal(Codes.AlreadyCommitted, (await t.Customer.Submit(promote, UserAction.PromoteVersion)).Code);

        // A gateway that brings the entries itself need not tell the zone which request it was.
        var (entries, head) = await t.Customer.Read(
            EntryKey.User(TestCustomer.N("alice")), ChangeKeys.Record(promote), EntryKey.Credential(TestCustomer.N("db")));
        var prepared = await t.Customer.Ask<Result<PreparedChanges>>(r => new CustomerKeyMessage.Prepare(
            [new Change.ByUser(promote, UserAction.PromoteVersion, default)], entries, head, r));
        return prepared.Value!.Refusals[0]?.Code ?? "prepared";
    }

    private static Wire.Entry Entry(Wire.ReleaseReply reply) => reply.Entries.Single(static e => e.Type == EntryKey.CredentialType);

    private static Task<string> Step(Target t, UserAction action, string credential, uint version, string user = "alice") =>
        Unchanged(t, () => t.Customer.Submit(
            t.Customer.Request(action, new VersionPayload(TestCustomer.N(credential), version), user), action));

    private static Task<string> Promote(Target t, string credential, uint version, uint replaces, string user = "alice") =>
        Unchanged(t, () => t.Customer.Submit(
            t.Customer.Request(
                UserAction.PromoteVersion, new PromotePayload(TestCustomer.N(credential), version, replaces, true, []), user),
            UserAction.PromoteVersion));

    private static Task<string> PutNext(Target t, string credential, uint replaces, string policy = "web", string user = "alice")
    {
        var (request, upload) = t.Customer.PutNext(credential, [1], replaces, policy, user);
        return Unchanged(t, () => t.Customer.Submit(request, UserAction.PutNextVersion, upload));
    }

    private static Task<string> Put(Target t, string credential, uint replaces)
    {
        var (request, upload) = t.Customer.Put(credential, [1], "web", replaces);
        return Unchanged(t, () => t.Customer.Submit(request, UserAction.PutCredential, upload));
    }

    private static async Task<string> Unchanged(Target t, Func<Task<Result<ChangeDone>>> submit)
    {
        var before = (await t.Customer.Status()).HeadCounter;
        var code = (await submit()).Code!;
        Assert.Equal(before, (await t.Customer.Status()).HeadCounter);
        return code;
    }
}
