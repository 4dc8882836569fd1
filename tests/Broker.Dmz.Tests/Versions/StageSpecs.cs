using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Links.Zone;
using Broker.Protocol.Directory;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Tests.Versions;

/// <summary>A credential's versions: <c>pending → staged → current → retired</c>, against a real zone.</summary>
public sealed class StageSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    private const string First = "correct horse battery staple";
    private const string Second = "the second version";

    [Fact]
    public async Task A_version_should_be_had_as_its_stage_says()
    {
        var (customer, agent) = await world.Ready();

        Assert.Equal(2u, await customer.PutPending("db", Bytes(Second), replaces: 1));
        Assert.Equal("1 current, 2 pending", await customer.Stages());
        await customer.ShouldDeliver(agent, "db", First);
        Assert.Equal(Codes.VersionPending, await Refusal(customer, 2));

        await customer.Change(UserAction.StageVersion, new VersionPayload(TestCustomer.N("db"), 2));
        Assert.Equal("1 current, 2 staged", await customer.Stages());
        await customer.ShouldDeliver(agent, "db", First);
        await customer.ShouldDeliver(agent, "db", Second, version: 2);

        await customer.Promote("db", 2, 1);
        Assert.Equal("1 retired, 2 current", await customer.Stages());
        await customer.ShouldDeliver(agent, "db", Second);
        await customer.ShouldDeliver(agent, "db", Second, version: 2);
        Assert.Equal(Codes.VersionRetired, await Refusal(customer, 1));

        await customer.Change(UserAction.DeleteVersion, new VersionPayload(TestCustomer.N("db"), 1));
        Assert.Equal("2 current", await customer.Stages());
        Assert.Equal(Codes.VersionRetired, await Refusal(customer, 1));
        await customer.ShouldDeliver(agent, "db", Second);
        agent.Disconnect();
    }

    [Fact]
    public async Task A_plain_put_should_be_current_at_once_and_keep_the_format_of_before()
    {
        var (customer, agent) = await world.Ready();
        Assert.Equal(2u, await customer.PutCredential("db", Bytes(Second), "web", replaces: 1));

        var entry = await customer.Entry("db");
        Assert.Null(entry.Stages);
        await customer.ShouldDeliver(agent, "db", Second);
        await customer.ShouldDeliver(agent, "db", First, version: 1);
        agent.Disconnect();
    }

    [Fact]
    public async Task A_plain_put_of_a_credential_with_stages_should_retire_the_one_before()
    {
        var (customer, agent) = await world.Ready();
        await customer.PutStaged("db", Bytes(Second), replaces: 1);
        await customer.Promote("db", 2, 1);

        Assert.Equal(3u, await customer.PutCredential("db", "third"u8.ToArray(), "web", replaces: 2));
        Assert.Equal("1 retired, 2 retired, 3 current", await customer.Stages());
        await customer.ShouldDeliver(agent, "db", "third");
        Assert.Equal(Codes.VersionRetired, await Refusal(customer, 2));
        agent.Disconnect();
    }

    [Fact]
    public async Task A_version_that_was_given_up_should_not_lend_its_number()
    {
        var (customer, agent) = await world.Ready();
        await customer.PutStaged("db", Bytes(Second), replaces: 1);
        await customer.Change(UserAction.RetireVersion, new VersionPayload(TestCustomer.N("db"), 2));
        await customer.Change(UserAction.DeleteVersion, new VersionPayload(TestCustomer.N("db"), 2));

        Assert.Equal("1 current", await customer.Stages());
        await customer.ShouldDeliver(agent, "db", First);
        Assert.Equal(3u, await customer.PutPending("db", "third"u8.ToArray(), replaces: 2));
        Assert.Equal("1 current, 3 pending", await customer.Stages());
        agent.Disconnect();
    }

    [Fact]
    public async Task A_credential_with_stages_should_be_deleted_whole()
    {
        var (customer, agent) = await world.Ready();
        await customer.PutStaged("db", Bytes(Second), replaces: 1);
        await customer.Promote("db", 2, 1);
        await customer.Change(UserAction.DeleteVersion, new VersionPayload(TestCustomer.N("db"), 1));
        await customer.PutPending("db", "third"u8.ToArray(), replaces: 2);

        await customer.Change(UserAction.DeleteCredential, new NamePayload(TestCustomer.N("db")));
        var (entries, _) = await customer.Read(
            EntryKey.Credential(TestCustomer.N("db")), EntryKey.Row(TestCustomer.N("db"), 2), EntryKey.Row(TestCustomer.N("db"), 3));
        Assert.All(entries, static e => Assert.Equal(default, e.Leaf));
        Assert.Equal(1u, await customer.PutCredential("db", Bytes(First), "web"));
        agent.Disconnect();
    }

    [Fact]
    public async Task Stages_should_survive_more_versions_than_are_listed()
    {
        var (customer, agent) = await world.Ready();
        for (var version = 1u; version < CredentialStages.MaxVersions + 3; version++)
        {
            await customer.PutStaged("db", Bytes($"version {version + 1}"), version);
            await customer.Promote("db", version + 1, version);
        }

        var entry = await customer.Entry("db");
        Assert.Equal(CredentialStages.MaxVersions, entry.Stages!.Versions.Count);
        Assert.Equal((11u, 11u), (entry.Version, entry.Latest));
        Assert.Equal(Codes.VersionRetired, await Refusal(customer, 1));
        await customer.ShouldDeliver(agent, "db", "version 11");
        agent.Disconnect();
    }

    [Fact]
    public async Task Stages_should_survive_a_rotation_of_the_epoch_and_a_restart()
    {
        var (customer, agent) = await world.Ready(administratorsRequired: 2);
        await customer.PutCredential("db2", Bytes("another"), "web");
        await customer.PutStaged("db", Bytes(Second), replaces: 1);
        await customer.PutPending("db2", Bytes("another, next"), replaces: 1);
        world.Zone.Allow("rotate-rows", 0);
        await customer.Rotate();
        agent.Grant = agent.Grant with { Identity = customer.Custody.Identity.Fingerprint };
        await agent.Connect();

        await customer.ShouldDeliver(agent, "db", Second, version: 2);
        await customer.Promote("db", 2, 1);
        await customer.Restart();
        await agent.Connect();
        Assert.Equal("1 retired, 2 current", await customer.Stages());
        Assert.Equal("1 current, 2 pending", await customer.Stages("db2"));
        world.Zone.AllowAll("rotate-rows");
        await customer.UntilRowsLeft(null);

        Assert.Equal("1 retired, 2 current", await customer.Stages());
        Assert.Equal(Codes.VersionRetired, await Refusal(customer, 1));
        Assert.Equal(Codes.VersionPending, await Refusal(customer, 2, "db2"));
        await customer.ShouldDeliver(agent, "db", Second);
        await customer.Change(UserAction.StageVersion, new VersionPayload(TestCustomer.N("db2"), 2));
        await customer.ShouldDeliver(agent, "db2", "another, next", version: 2);
        agent.Disconnect();
    }

    [Fact]
    public async Task Each_step_should_stand_in_the_ledger_as_its_request()
    {
        var (customer, agent) = await world.Ready();
        await customer.PutStaged("db", Bytes(Second), replaces: 1);
        await customer.Promote("db", 2, 1);
        await customer.Change(UserAction.DeleteVersion, new VersionPayload(TestCustomer.N("db"), 1));

        var asked = (await customer.Ledger()).Where(static b => b.Kind == BlockKind.Change)
            .SelectMany(static b => Statement.Read<ChangeRecord>(b.Body.Span).Causes)
            .Select(static c => Statement.Read<Request>(Statement.Read<SignedRequest>(c.Span).Statement.Span).Action).TakeLast(4);
        Assert.Equal(["put-next-version", "stage-version", "promote-version", "delete-version"], asked);
        agent.Disconnect();
    }

    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static async Task<string> Refusal(TestCustomer customer, uint version, string credential = "db") =>
        (await Assert.ThrowsAsync<ZoneRefusedException>(
            () => customer.Release(customer.Launch(credential: credential, version: version)))).Code;
}
