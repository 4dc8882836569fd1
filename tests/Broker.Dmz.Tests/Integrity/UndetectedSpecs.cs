using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;

namespace Broker.Dmz.Tests.Integrity;

/// <summary>
/// What a writer of the zone's database can do unseen, by construction: these values stand under no head and in no block, and only
/// refuse. Whoever writes there can withhold anyway; none of this gives a row that a person did not ask for.
/// </summary>
public sealed class UndetectedSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    public static TheoryData<string, string> Ways => new()
    {
        { "rates are the zone's own bound, counted in its own database", "UPDATE customers SET rate_minute = 0, rate_count = 0" },
        { "a suspended agent's mark stands under the fence, not under the head; a clone is caught again at its next hello",
            "UPDATE generations SET suspended = 0" },
        { "that a chain's head was entered is bookkeeping of the cluster's chain, which enters it once more",
            "UPDATE chains SET entered = 0 WHERE chain <> ''" },
        { "an invitation that was not redeemed can be withheld; it would be told as unknown", "DELETE FROM invitations" },
        { "when a hand-off was released is shown, and decides nothing", "UPDATE hand_offs SET released = 0, updated = 0" },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task What_is_not_detected_should_release_nothing_new(string because, string sql)
    {
        var (customer, agent) = await world.Ready();
        var scene = new Scene(customer, agent, customer);
        await scene.HandOver();

        world.Zone.Tamper(sql);

        Assert.Equal(KeyState.Unlocked, (await customer.Status()).State);
        Assert.True(await Meet.AStatus(scene) == "answered", because);
        await Scene.ShouldGoOn(customer, agent);
        agent.Disconnect();
    }
}
