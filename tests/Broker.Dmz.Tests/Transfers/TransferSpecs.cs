using Broker.Dmz.Customers;
using Broker.Dmz.Peers;
using Broker.Dmz.Tests.Support;
using Broker.Links.Zone;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Tests.Transfers;

/// <summary>What goes over between two nodes when all is well, and what is left of it on both.</summary>
public sealed class TransferSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task A_start_that_does_not_listen_yet_should_not_count_as_a_second_one()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var (owner, name) = (f.Owner.Node, f.Other.Node.Node);
        owner.Peers.Live.Saw(name, Protocol.Identifiers.Digest.Of("the start before, which was killed"u8));
        var starting = new ScriptedPeer(name, f.Other.Node) { RefusesFirst = 2 };
        f.Owner.Know(starting);

        var fetched = await f.Fetch();

        ((PeerList)owner.Peers.Others).Remove(starting);
        Assert.True(fetched.Code is null, $"{fetched.Code}: {fetched.Detail}");
        Assert.DoesNotContain(await f.Customer.Ledger(), static b => b.Kind == Protocol.Ledger.BlockKind.Refusal);
    }

    [Fact]
    public async Task A_holder_that_two_people_admit_should_hold_and_not_own()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var before = (await f.Customer.ZoneState()).Fence;

        var there = await f.Held();

        Assert.Equal(before, (await f.Customer.ZoneState()).Fence);
        Assert.Equal(TransferCodes.NotOwner, (await there.Submit(
            there.Request(UserAction.PutPolicy, there.Policy("p", ["x"])), UserAction.PutPolicy)).Code);
        await TransferFixture.ShouldHandOff(f.Customer, f.Agent);
    }

    [Fact]
    public async Task The_ledger_should_say_who_gave_what_to_whom_and_why()
    {
        await using var f = await TransferFixture.StartAsync(world);
        await f.Held();

        var block = Assert.Single(await f.Customer.Ledger(), b => b.Kind == BlockKind.Transfer);
        var record = Statement.Read<TransferRecord>(block.Body.Span);
        Assert.True(record.Intent.IsBy(f.Customer.Custody.Identity));
        var intent = record.Intent.Read<TransferIntent>();
        Assert.Equal(("dmz-1", "dmz-2", AdmissionKind.Statement), (intent.HolderNode.Value, intent.Node.Value, intent.AdmissionKind));
        Assert.True(record.Request.IsBy(f.Other.Node.Incarnation.Key));
        Assert.Equal(2, Statement.Read<Admission>(record.Admission.Span).Signatures.Count);
    }

    [Fact]
    public async Task An_owner_that_yields_should_wipe_and_hand_offs_go_on_at_the_other_without_an_unlock()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var there = await f.Held();
        var fence = (await f.Customer.ZoneState()).Fence;
        await TransferFixture.ShouldHandOff(f.Customer, f.Agent);

        await HandOver(f);

        Assert.Equal(KeyState.Unlocked, (await there.Status()).State);
        await f.Customer.Until(s => s.State == KeyState.Locked);
        Assert.Equal(fence + 1, (await f.Customer.ZoneState()).Fence);
        f.Agent.MoveTo(there);
        await f.Agent.Connect();
        await TransferFixture.ShouldHandOff(there, f.Agent);
        await there.PutCredential("db", "another"u8.ToArray(), "web", replaces: 1);
        await there.Wipe();
    }

    [Fact]
    public async Task An_owner_that_stood_still_until_its_word_was_over_should_give_way_too()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var there = await f.Held();
        var fence = (await f.Customer.ZoneState()).Fence;

        await HandOver(f);
        world.Time.Advance(TimeSpan.FromMinutes(1));

        await f.Customer.Until(s => s.State == KeyState.Locked);
        Assert.Equal(KeyState.Unlocked, (await there.Status()).State);
        Assert.Equal(fence + 1, (await f.Customer.ZoneState()).Fence);
        await there.Wipe();
    }

    [Fact]
    public async Task An_owner_to_which_nobody_came_should_claim_again_what_is_taken_from_it_later()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var there = await f.Held();
        await f.Customer.Ask<Result<Signed>>(
            r => new CustomerKeyMessage.Yield(f.Other.Node.Node, f.Other.Node.Incarnation.Key.Fingerprint, r));
        world.Time.Advance(TimeSpan.FromMinutes(1));
        var fence = (await f.Customer.Status()).Fence;
        f.Customer.Refs.Key.Tell(new CustomerKeyMessage.YieldCheck(fence, NobodyCame: true));

        await there.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.TakeOver(null, r));
        f.Customer.Refs.Key.Tell(new CustomerKeyMessage.Deposed(fence));

        await f.Customer.Until(s => s.State == KeyState.Unlocked && s.Fence == fence + 2);
        await there.Wipe();
    }

    [Fact]
    public async Task An_owner_that_is_overtaken_without_having_yielded_should_claim_again()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var there = await f.Held();

        var taken = await there.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.TakeOver(null, r));

        Assert.Equal(KeyState.Unlocked, taken.Value!.State);
        f.Customer.Refs.Key.Tell(new CustomerKeyMessage.Deposed((await f.Customer.Status()).Fence));
        await f.Customer.UntilUnlocked();
        await there.Wipe();
    }

    [Fact]
    public async Task A_hand_over_should_be_good_for_one_fence_only()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var there = await f.Held();
        var word = await f.Customer.Ask<Result<Signed>>(
            r => new CustomerKeyMessage.Yield(f.Other.Node.Node, f.Other.Node.Incarnation.Key.Fingerprint, r));
        await there.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.TakeOver(word.Value, r));
        await f.Customer.Until(s => s.State == KeyState.Locked);
        await there.Wipe();
        await f.Customer.Unlock();
        await f.Held();

        var again = await there.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.TakeOver(word.Value, r));

        Assert.Equal(Codes.FenceStale, again.Code);
        Assert.Equal(KeyState.Holding, (await there.Status()).State);
    }

    [Fact]
    public async Task A_hand_over_that_no_owner_signed_should_be_refused()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var there = await f.Held();
        var forged = new SignerKey().Sign(new HandOver(
            f.Other.Node.Cluster, f.Customer.Name, f.Owner.Node.Incarnation.Key.Fingerprint, f.Other.Node.Node,
            f.Other.Node.Incarnation.Key.Fingerprint, (await f.Customer.ZoneState()).Fence));

        var taken = await there.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.TakeOver(forged, r));

        Assert.Equal(TransferCodes.HandOverRefused, taken.Code);
        Assert.Equal(KeyState.Holding, (await there.Status()).State);
    }

    [Fact]
    public async Task A_holder_should_wipe_when_it_sees_a_lock()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var before = await f.Gauge();
        var there = await f.Held();
        await Lock(f);

        var reply = await f.Owner.To(f.Other).WipeAsync(new Wire.WipeRequest { Customer = f.Customer.Name.Value }, default);

        Assert.True(reply.Held);
        Assert.Equal(KeyState.Locked, (await there.Status()).State);
        await f.Customer.Wipe();
        Assert.True(await f.Gauge() < before);
    }

    [Fact]
    public async Task A_peer_should_wipe_nothing_while_no_lock_stands()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var there = await f.Held();

        var refused = await Assert.ThrowsAsync<Links.Zone.ZoneRefusedException>(
            () => f.Owner.To(f.Other).WipeAsync(new Wire.WipeRequest { Customer = f.Customer.Name.Value }, default));

        Assert.Equal(TransferCodes.NoLock, refused.Code);
        Assert.Equal(KeyState.Holding, (await there.Status()).State);
    }

    [Fact]
    public async Task A_successor_with_a_ticket_should_take_over_from_the_node_that_drains()
    {
        await using var f = await TransferFixture.StartAsync(world);
        await using var successor = await OtherNode.StartAsync(world, "dmz-1");
        using var key = Secrets.TicketKey.Generate(Secrets.SystemRandom.Fill);
        var ticket = await new PeerDrain(f.Owner.Node, f.Owner.Customers, f.Owner.Address).Draw(key, default);

        var drawn = Assert.Single(ticket.Tickets, t => t.Ticket.Read<DrainTicket>().Customer == f.Customer.Name);
        var admission = Admission.Of(drawn.Ticket.Read<DrainTicket>(), drawn.Ticket.Signature);
        var fetched = await successor.Fetcher.Fetch(f.Customer.Name, successor.To(f.Owner), admission, key, default);

        Assert.True(fetched.Code is null, $"{fetched.Code}: {fetched.Detail}");
        Assert.Equal(KeyState.Unlocked, fetched.Value!.State);
        await f.Customer.Until(s => s.State == KeyState.Locked);
        var there = await successor.At(f.Customer);
        f.Agent.MoveTo(there);
        await f.Agent.Connect();
        await TransferFixture.ShouldHandOff(there, f.Agent);
    }

    [Fact]
    public async Task A_successor_should_get_what_its_predecessor_held_from_another_holder_after_that_one_is_gone()
    {
        await using var f = await TransferFixture.StartAsync(world);
        await f.Held();
        f.Other.Know(f.Owner);
        f.Owner.Know(f.Other);
        using var key = Secrets.TicketKey.Generate(Secrets.SystemRandom.Fill);
        var tickets = await new PeerDrain(f.Other.Node, f.Other.Customers, f.Other.Address).Draw(key, default);
        await (await f.Other.At(f.Customer)).Wipe();
        await using var successor = await OtherNode.StartAsync(world, "dmz-2");

        var from = new PeerSuccession(successor.Node, successor.Fetcher, NullLogger.Instance);
        var got = await from.Collect(key, tickets, d => successor.To(f.Owner), default);

        Assert.Contains(f.Customer.Name, got);
        Assert.Equal(KeyState.Holding, (await (await successor.At(f.Customer)).Status()).State);
    }

    [Fact]
    public async Task A_transfer_should_be_refused_to_a_node_that_holds_already()
    {
        await using var f = await TransferFixture.StartAsync(world);
        await f.Held();

        Assert.Equal(TransferCodes.AlreadyHeld, (await f.Fetch()).Code);
    }

    internal static async Task Lock(TransferFixture f) => await f.World.HostileNode.LockAsync(
        new Protocol.Wire.Zone.LockRequest
        {
            Customer = f.Customer.Name.Value,
            Request = ByteString.CopyFrom(f.Customer.Request(UserAction.Lock, new LockPayload(0, "test")).Encode()),
        },
        default);

    internal static async Task HandOver(TransferFixture f)
    {
        var word = await f.Customer.Ask<Result<Signed>>(
            r => new CustomerKeyMessage.Yield(f.Other.Node.Node, f.Other.Node.Incarnation.Key.Fingerprint, r));
        try
        {
            await f.Owner.To(f.Other).TakeOverAsync(
                new Wire.TakeOverRequest { Customer = f.Customer.Name.Value, HandOver = PeerWires.To(word.Value!) }, default);
        }
        catch (ZoneUnknownOutcomeException)
        {
            // The disk stood still for longer than a node waits for a key, which goes on.
            await (await f.Other.At(f.Customer)).UntilUnlocked();
        }
    }
}
