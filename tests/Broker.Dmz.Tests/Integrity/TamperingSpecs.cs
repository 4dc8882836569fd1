namespace Broker.Dmz.Tests.Integrity;

/// <summary>
/// Somebody who can write into the zone's database, and nothing else: plain SQL while the zone stands still, then everything goes on.
/// What meets it is refused with a code of its own, nothing is opened, a chain says so, and other customers do not notice.
/// </summary>
public sealed class TamperingSpecs(TamperedWorld tampered) : IClassFixture<TamperedWorld>
{
    private static readonly Dictionary<string, Tampering> All = new(
        EntryTamperings.Table.Concat(StateTamperings.Table).Concat(JournalTamperings.Table));

    public static TheoryData<string> Names => [.. All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Tampering_should_be_refused_and_recorded_and_touch_nobody_else(string name)
    {
        var tampering = All[name];
        var world = tampered.World;
        var (untouched, itsAgent) = await tampered.Untouched();
        var (customer, agent) = await world.Ready();
        var scene = new Scene(customer, agent, untouched);
        await (tampering.First?.Invoke(scene) ?? Task.CompletedTask);
        if (tampering.Keep.Length > 0)
        {
            world.Zone.Tamper(Tampering.KeepAs(scene, tampering.Keep));
        }

        await (tampering.Then?.Invoke(scene) ?? Task.CompletedTask);
        world.Zone.Tamper(tampering.Sql(scene));

        Assert.Equal(tampering.Code, await CodeOf(tampering.Meets(scene)));

        await scene.ShouldBeRecorded(tampering.Code);
        await Scene.ShouldGoOn(untouched, itsAgent);
        agent.Disconnect();
        await customer.Wipe();
    }

    /// <summary>What the tables of the zone hold, and how many ways of changing each are tried at least.</summary>
    [Theory]
    [InlineData(6, "a row ", "an older row")]
    [InlineData(5, "a user", "a removed user")]
    [InlineData(2, "an agent's key", "a revoked grant")]
    [InlineData(4, "a policy", "an older policy")]
    [InlineData(5, "a custody record", "the custody record", "custody record", "another customer's custody")]
    [InlineData(7, "a hand-off", "an open hand-off", "the idempotency key")]
    [InlineData(4, "an invitation")]
    [InlineData(3, "a lock")]
    [InlineData(3, "a fence")]
    [InlineData(4, "an older head", "a head", "another customer's head")]
    [InlineData(4, "a node of the tree", "a row and the leaf")]
    [InlineData(7, "the last block", "the end of the chain", "the chain", "two blocks", "a batch")]
    [InlineData(3, "an older customer altogether")]
    [InlineData(30, "")]
    public void Everything_that_the_zone_keeps_should_be_tampered_with(int least, params string[] beginnings) =>
        Assert.InRange(All.Keys.Count(name => beginnings.Any(b => name.StartsWith(b, StringComparison.Ordinal))), least, All.Count);

    private static async Task<string> CodeOf(Task<string> meeting)
    {
        try
        {
            return await meeting;
        }
        catch (Links.Zone.ZoneException refused)
        {
            return refused.Code;
        }
    }
}
