using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Attacks;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;

namespace Broker.Dmz.Tests.Versions;

/// <summary>
/// Hand-overs that nobody asked for. Agent <c>web-1</c> is connected and holds <c>db</c> and <c>db2</c>; <c>web-2</c> holds <c>db</c>
/// and is away, so that the promotion of <c>db</c>, which names <c>web-2</c> only, stays under way.
/// </summary>
public sealed class HandOverAttacks(DmzWorld world) : IClassFixture<DmzWorld>
{
    internal static readonly AttackTable<Scene> Table = new()
    {
        { "a promotion while another hands over", Codes.HandOverUnderWay, async s =>
        {
            await s.Customer.PutStaged("db", "third"u8.ToArray(), 2);
            return (await s.Customer.Submit(s.Customer.Promotion("db", 3, 2), UserAction.PromoteVersion)).Code!;
        } },
        { "an agent that the promotion does not name", RequestRefusal.Malformed, s =>
            Make(s, s.Launch with { Agent = TestCustomer.N("web-1"), Replaces = s.Held }) },
        { "a version that was not promoted", RequestRefusal.Malformed, s =>
            Make(s, s.Launch with { Items = [s.Item with { Version = 1 }] }) },
        { "a launch without the promoted credential", RequestRefusal.Malformed, s =>
            Make(s, s.Launch with { Items = [s.Item with { Credential = TestCustomer.N("db2"), Version = 0 }] }) },
        { "round 0", RequestRefusal.Malformed, s => Make(s, s.Launch with { Round = 0 }) },
        { "nothing that is replaced", RequestRefusal.Malformed, s => Make(s, s.Launch with { Replaces = default }) },
        { "a plain launch as a hand-over", RequestRefusal.Malformed, async s =>
        {
            await s.Customer.ReleaseTo(s.Customer.Launch(), s.Launch);
            return "released";
        } },
        { "a hand-off that is not open", Codes.UseNotOpen, s => Make(s, s.Launch with { Replaces = s.Customer.NewId() }) },
        { "a hand-off of another agent", Codes.UseNotOpen, s => Make(s, s.Launch with { Replaces = s.Held }) },
        { "a further credential", Codes.UseNotOpen, s => Make(
            s, s.Launch with { Items = [s.Item, s.Item with { Credential = TestCustomer.N("db2"), Version = 0 }] }) },
        { "another use", Codes.UseNotOpen, s => Make(s, s.Launch with { Items = [s.Item with { Use = TestCustomer.N("other") }] }) },
        { "a promotion that hands over nothing", RequestRefusal.Malformed, async s =>
        {
            await s.Customer.PutStaged("db2", "another, next"u8.ToArray(), 1);
            var promotion = await s.Customer.PromoteWith(s.Customer.Request(
                UserAction.PromoteVersion, new PromotePayload(TestCustomer.N("db2"), 2, 1, false, [])));
            await s.Customer.ReleaseTo(promotion, s.Launch with { Items = [s.Item with { Credential = TestCustomer.N("db2") }] });
            return "released";
        } },
        { "a promotion that was never committed", "hand-over-ended", s =>
            Make(s, s.Launch, s.Customer.Promotion("db", 2, 1, "web-2")) },
        { "a promotion that a put overtook", "hand-over-ended", async s =>
        {
            await s.Customer.PutCredential("db", "third"u8.ToArray(), "web", replaces: 2);
            return await Make(s, s.Launch);
        } },
        { "a promotion of a deleted credential", "hand-over-ended", async s =>
        {
            await s.Customer.Change(UserAction.DeleteCredential, new NamePayload(TestCustomer.N("db")));
            return await Make(s, s.Launch);
        } },
        { "an order that has ended", "hand-over-ended", async s =>
        {
            var (entries, _) = await s.Customer.Read(Protocol.Directory.EntryKey.HandOver(TestCustomer.N("db")));
            var counter = entries[0].Read<Protocol.Directory.HandOverOrder>()!.Counter;
            Assert.Null((await s.Customer.Submit(new Change.EndHandOver(TestCustomer.N("db"), counter))).Code);
            return await Make(s, s.Launch);
        } },
        { "an order shown after its end", Codes.HeadUnknown, async s =>
        {
            var released = await s.Customer.ReleaseTo(s.Promotion, s.Launch);
            await s.Customer.PutCredential("db", "third"u8.ToArray(), "web", replaces: 2);
            return await s.Customer.SealTo(s.Agent, s.Promotion, s.Launch, released);
        } },
        { "an order withheld", Codes.HandOverEnded, async s =>
        {
            var released = await s.Customer.ReleaseTo(s.Promotion, s.Launch);
            released.Entries.Remove(released.Entries.Single(static e => e.Type == Protocol.Directory.EntryKey.HandOverType));
            return await s.Customer.SealTo(s.Agent, s.Promotion, s.Launch, released);
        } },
        { "another launch than the zone recorded", Codes.ReceiptOfAnother, async s =>
        {
            var released = await s.Customer.ReleaseTo(s.Promotion, s.Launch);
            return await s.Customer.SealTo(s.Agent, s.Promotion, s.Launch with { Round = 2 }, released);
        } },
        { "a promotion whose time is over", RequestRefusal.Expired, async s =>
        {
            s.Customer.World.Time.Advance(TimeSpan.FromMinutes(13));
            // Whoever hands over ends the order by then; its head is not to come between what is released and its seal.
            await s.Customer.UntilOrder("db", stands: false);
            return await Make(s, s.Launch);
        } },
        { "an agent that is away", Codes.AgentNotConnected, s => Make(s, s.Launch) },
        { "an order ended by another counter", "stands", async s =>
        {
            Assert.Null((await s.Customer.Submit(new Change.EndHandOver(TestCustomer.N("db"), 1))).Code);
            await s.Customer.UntilOrder("db", stands: true);
            return "stands";
        } },
    };

    public static TheoryData<string> Names => Table.Names();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_key_should_hand_over_nothing(string attack)
    {
        var (customer, agent) = await world.Ready();
        await customer.PutPolicy("web", agents: ["web-1", "web-2"]);
        await customer.PutCredential("db2", "another secret"u8.ToArray(), "web");
        var held = await customer.Hold(agent);
        var other = await customer.Hold(agent, "db2");
        using var away = await customer.EnrolAgent("web-2");
        await away.Connect();
        var replaces = await customer.Hold(away);
        away.Disconnect();
        await customer.PutStaged("db", "second"u8.ToArray(), 1);
        var promotion = await customer.PromoteWith(customer.Promotion("db", 2, 1, "web-2"));
        await customer.UntilOrder("db", stands: true);
        var item = new LaunchItem(TestCustomer.N("db"), 2, TestCustomer.N("hold"));
        var scene = new Scene(
            customer, agent, held, promotion, new HolderLaunch(TestCustomer.N("web-2"), replaces, [item], 7), item);

        await Table.Run(attack, scene);

        if (!attack.Contains("deleted", StringComparison.Ordinal))
        {
            await new Target(customer, agent).ShouldHaveOpenedNothing(held, other, replaces);
        }

        agent.Disconnect();
    }

    private static async Task<string> Make(Scene s, HolderLaunch launch, SignedRequest? promotion = null)
    {
        var released = await s.Customer.ReleaseTo(promotion ?? s.Promotion, launch);
        return await s.Customer.SealTo(s.Agent, promotion ?? s.Promotion, launch, released);
    }

    /// <summary>A hand-over that is under way.</summary>
    /// <param name="Customer">The customer.</param>
    /// <param name="Agent">web-1.</param>
    /// <param name="Held">The hand-off by which web-1 holds db.</param>
    /// <param name="Promotion">The promotion of db.</param>
    /// <param name="Launch">What follows from it for web-2, in a round of its own.</param>
    /// <param name="Item">Its item.</param>
    internal sealed record Scene(
        TestCustomer Customer, AgentEnd Agent, Id16 Held, SignedRequest Promotion, HolderLaunch Launch, LaunchItem Item);
}
