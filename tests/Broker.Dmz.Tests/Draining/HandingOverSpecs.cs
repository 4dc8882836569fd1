using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Draining;
using Broker.Dmz.Peers;
using Broker.Dmz.Tests.Forwarding;
using Broker.Dmz.Tests.Placing;
using Broker.Dmz.Tests.Support;
using Broker.Dmz.Tests.Transfers;
using Broker.Protocol.Transfer;
using Broker.Secrets;
using Broker.TestKit;

namespace Broker.Dmz.Tests.Draining;

/// <summary>What a node that leaves owns goes to others, whoever of them hangs, is not admitted, or leaves too.</summary>
public sealed class HandingOverSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    // A peer that hangs is waited for so long, any other answers far sooner.
    private static readonly TimeSpan Hanging = TimeSpan.FromSeconds(15);

    private static int _intakes;

    [Fact]
    public async Task A_customer_that_nobody_else_holds_should_be_handed_over_to_a_node_that_is_admitted()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var intake = Intake(f);
        await intake.Ask<Result<TakenIn>>(
            r => new PeerIntakeMessage.Admitted(f.Admitters.Admit(f.Other.Node, world.Time.GetUtcNow()), r), Patience.Limit);
        var there = await f.Other.At(f.Customer);
        await there.Wipe();
        f.Owner.Know(new DetouredPeer(f.Other, f.Owner.To(f.Other), intake));

        // Tried until it is held, however slow the disk is.
        var left = await Run(f, stall: Patience.Limit);

        Assert.DoesNotContain(left, l => l.Customer == f.Customer.Name);
        Assert.Equal(KeyState.Unlocked, (await there.Status()).State);
        await f.Customer.Until(static s => s.State == KeyState.Locked);
        f.Agent.MoveTo(there);
        await f.Agent.Connect();
        await TransferFixture.ShouldHandOff(there, f.Agent);
        intake.Stop();
    }

    [Fact]
    public async Task A_node_for_which_nobody_vouches_should_get_nothing_by_being_there()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var intake = Intake(f);
        f.Owner.Know(new DetouredPeer(f.Other, f.Owner.To(f.Other), intake));

        var left = await Run(f);

        Assert.Contains(new NotGivenOver(f.Customer.Name, AdmissionRefusal.Needed), left);
        Assert.Contains(new NotGivenOver(f.Customer.Name, AdmissionRefusal.Needed), f.Owner.Node.Drain.State.Left);
        Assert.Equal(KeyState.Unlocked, (await f.Customer.Status()).State);
        Assert.Equal(KeyState.Locked, (await (await f.Other.At(f.Customer)).Status()).State);
        intake.Stop();
    }

    [Fact]
    public async Task A_node_that_is_alone_should_say_at_once_what_stays_with_it()
    {
        await using var f = await TransferFixture.StartAsync(world);
        f.Owner.Know(new SilentPeer(TestCustomer.N("dmz-7")));

        var left = await Run(f);

        Assert.Contains(new NotGivenOver(f.Customer.Name, HandingOver.NobodyThere), left);
    }

    [Fact]
    public async Task What_there_was_no_time_for_should_be_told_too()
    {
        await using var f = await TransferFixture.StartAsync(world);
        f.Owner.Know(f.Other);
        var handing = new HandingOver(f.Owner.Node, f.Owner.Customers);
        var company = await Look(f);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => handing.Run(company, new CancellationToken(canceled: true)));
        handing.GiveUp();

        Assert.Contains(new NotGivenOver(f.Customer.Name, HandingOver.OutOfTime), f.Owner.Node.Drain.State.Left);
    }

    [Fact]
    public async Task A_peer_that_hangs_should_be_waited_for_once_and_another_holder_claim()
    {
        await using var p = await PlacingFixture.StartAsync(world);
        var order = p.Order(p.F.Owner);
        var hangs = new DetouredPeer(order[0], p.F.Owner.To(order[0]), null, "take-over", "draw-ticket");
        p.F.Owner.Replace(hangs);
        using var key = TicketKey.Generate(SystemRandom.Fill);
        var second = await world.Enrolled();

        var tickets = await new PeerDrain(p.F.Owner.Node, p.F.Owner.Customers, own: null).Draw(
            key, default, await Look(p.F, Hanging));
        var left = await Run(p.F, Hanging);

        Assert.All(
            tickets.Tickets, t => Assert.Equal(order[1].Node.Node, t.Ticket.Read<DrainTicket>().HolderNode));
        Assert.Contains(tickets.Tickets, t => t.Ticket.Read<DrainTicket>().Customer == p.F.Customer.Name);
        Assert.Equal(1, hangs.Calls("take-over"));
        Assert.DoesNotContain(left, l => l.Customer == p.F.Customer.Name);
        Assert.Contains(left, l => l.Customer == second.Name);
        Assert.Equal(KeyState.Unlocked, (await (await p.At(order[1])).Status()).State);
        await second.Wipe();
    }

    [Fact]
    public async Task A_node_that_leaves_should_take_nothing_and_be_passed_over()
    {
        await using var p = await PlacingFixture.StartAsync(world);
        var order = p.Order(p.F.Owner);
        order[0].Node.Drain.Begin("a test");

        var company = await DrainCompany.Look(p.F.Owner.Node, default);
        var left = await Run(p.F);

        Assert.Equal([order[1].Node.Node], company.Present.Select(static c => c.Peer.Node));
        Assert.DoesNotContain(left, l => l.Customer == p.F.Customer.Name);
        Assert.Equal(KeyState.Unlocked, (await (await p.At(order[1])).Status()).State);
        var refused = await Assert.ThrowsAsync<Links.Zone.ZoneRefusedException>(() => p.Nodes[0].To(order[0]).TakeOverAsync(
            new Protocol.Wire.Peer.TakeOverRequest { Customer = p.F.Customer.Name.Value }, default));
        Assert.Equal(TransferCodes.NodeDraining, refused.Code);
    }

    [Fact]
    public async Task A_node_that_leaves_should_not_be_in_the_view_of_the_others()
    {
        await using var p = await PlacingFixture.StartAsync(world);
        await p.StartPlacement(p.Nodes);
        await p.Until(() => p.F.Owner.Membership.View.Members.Length == 3, "all are in the view");

        p.Third.Node.Drain.Begin("a test");

        await p.Until(() => p.F.Owner.Membership.View.Find(p.Third.Node.Node) is null, "the one that leaves is not");
    }

    [Fact]
    public async Task A_transfer_that_is_under_way_should_end_well_and_its_receiver_claim()
    {
        await using var f = await TransferFixture.StartAsync(world);
        f.Owner.Know(f.Other);

        var fetched = f.Fetch();
        var left = Run(f, stall: Patience.Limit);

        Assert.Null((await fetched).Code);
        Assert.DoesNotContain(await left, l => l.Customer == f.Customer.Name);
        Assert.Equal(KeyState.Unlocked, (await (await f.Other.At(f.Customer)).Status()).State);
    }

    [Fact]
    public void A_peer_that_asks_for_other_customers_should_say_so_before_it_counts_as_one_that_hangs() =>
        Assert.True(PeerService.HoldTimeout < DrainCompany.Patience);

    private static async Task<IReadOnlyList<NotGivenOver>> Run(TransferFixture f, TimeSpan? patience = null, TimeSpan? stall = null) =>
        await new HandingOver(f.Owner.Node, f.Owner.Customers, stall ?? TimeSpan.FromMilliseconds(1)).Run(
            await Look(f, patience), default);

    private static Task<DrainCompany> Look(TransferFixture f, TimeSpan? patience = null) =>
        DrainCompany.Look(f.Owner.Node, default, patience ?? Patience.Limit);

    private ActorRef<PeerIntakeMessage> Intake(TransferFixture f)
    {
        f.Other.Know(f.Owner);
        return world.System.Spawn(
            Props<PeerIntakeMessage>.Of(() => new PeerIntake(f.Other.Node, f.Other.Fetcher)),
            $"draining-intake-{Interlocked.Increment(ref _intakes)}");
    }
}
