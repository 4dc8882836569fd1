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
