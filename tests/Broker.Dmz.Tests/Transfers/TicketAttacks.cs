using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;
using Broker.Secrets;

namespace Broker.Dmz.Tests.Transfers;

/// <summary>Tickets: used once, by who has their key, where they were given, in their time.</summary>
public sealed class TicketAttacks(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task A_ticket_without_its_key_should_admit_nobody()
    {
        await using var f = await TransferFixture.StartAsync(world);
        using var thief = new Thief(f);
        using var key = TicketKey.Generate(SystemRandom.Fill);
        using var other = TicketKey.Generate(SystemRandom.Fill);
        var ticket = await Draw(f, key);

        Assert.Equal(AdmissionRefusal.TicketUnproven, await thief.Ask(ticket));
        Assert.Equal(AdmissionRefusal.TicketUnproven, await thief.Ask(ticket, ticketKey: other));
        Assert.Equal("handed over", await thief.Ask(ticket, ticketKey: key));
    }

    [Fact]
    public async Task A_ticket_should_be_used_once()
    {
        await using var f = await TransferFixture.StartAsync(world);
        using var first = new Thief(f);
        using var second = new Thief(f);
        using var key = TicketKey.Generate(SystemRandom.Fill);
        var ticket = await Draw(f, key);

        Assert.Equal("handed over", await first.Ask(ticket, ticketKey: key));
        Assert.Equal(AdmissionRefusal.TicketUsed, await first.Ask(ticket, ticketKey: key));
        Assert.Equal(AdmissionRefusal.TicketUsed, await second.Ask(ticket, ticketKey: key));
    }

    [Fact]
    public async Task A_ticket_should_belong_to_the_first_start_that_comes_with_it()
    {
        await using var f = await TransferFixture.StartAsync(world);
        using var first = new Thief(f);
        using var second = new Thief(f);
        using var key = TicketKey.Generate(SystemRandom.Fill);
        var ticket = await Draw(f, key);
        await TransferSpecs.Lock(f);
        Assert.Equal(Codes.LockStands, await first.Ask(ticket, ticketKey: key));

        Assert.Equal(AdmissionRefusal.TicketUsed, await second.Ask(ticket, ticketKey: key));
    }

    [Fact]
    public async Task A_ticket_should_end_after_five_minutes()
    {
        await using var f = await TransferFixture.StartAsync(world);
        using var thief = new Thief(f);
        using var key = TicketKey.Generate(SystemRandom.Fill);
        var ticket = await Draw(f, key);
        f.World.Time.Advance(DrainTicket.MaxLife + TimeSpan.FromSeconds(1));

        Assert.Equal(AdmissionRefusal.TicketExpired, await thief.Ask(ticket, ticketKey: key));
    }

    [Fact]
    public async Task A_ticket_should_be_for_one_node()
    {
        await using var f = await TransferFixture.StartAsync(world);
        using var thief = new Thief(f, "dmz-3");
        using var key = TicketKey.Generate(SystemRandom.Fill);

        Assert.Equal(AdmissionRefusal.TicketOfAnother, await thief.Ask(await Draw(f, key), ticketKey: key));
    }

    [Fact]
    public async Task A_ticket_should_be_for_one_customer()
    {
        await using var f = await TransferFixture.StartAsync(world);
        using var thief = new Thief(f);
        using var key = TicketKey.Generate(SystemRandom.Fill);
        var other = await world.Enrolled();
        var ticket = await Draw(f, key, other);

        Assert.Equal(AdmissionRefusal.TicketOfAnother, await thief.Ask(ticket, ticketKey: key));
        await other.Wipe();
    }

    [Fact]
    public async Task A_ticket_of_ones_own_making_should_be_unknown()
    {
        await using var f = await TransferFixture.StartAsync(world);
        using var thief = new Thief(f);
        using var key = TicketKey.Generate(SystemRandom.Fill);
        var given = Statement.Read<DrainTicket>((await Draw(f, key)).Statement.Span);
        using var own = TicketKey.Generate(SystemRandom.Fill);
        var made = thief.Sign(given with { Key = own.Public });

        Assert.Equal(
            AdmissionRefusal.TicketUnknown,
            await thief.Ask(Admission.Of(given with { Key = own.Public }, made.Signature), ticketKey: own));
    }

    [Fact]
    public async Task A_ticket_should_be_forgotten_with_the_secret()
    {
        await using var f = await TransferFixture.StartAsync(world);
        using var thief = new Thief(f);
        using var key = TicketKey.Generate(SystemRandom.Fill);
        var ticket = await Draw(f, key);
        await f.Customer.Wipe();
        await f.Customer.Unlock();

        Assert.Equal(AdmissionRefusal.TicketUnknown, await thief.Ask(ticket, ticketKey: key));
    }

    [Fact]
    public async Task Only_a_holder_should_draw_a_ticket()
    {
        await using var f = await TransferFixture.StartAsync(world);
        using var thief = new Thief(f);
        using var key = TicketKey.Generate(SystemRandom.Fill);
        var request = new TicketRequest(
            f.Owner.Node.Cluster, f.Customer.Name, thief.Incarnation.Node, thief.Incarnation.Key.Fingerprint,
            f.Owner.Node.Incarnation.Key.Fingerprint, key.Public, f.World.Time.GetUtcNow() + TimeSpan.FromMinutes(4));

        Assert.Equal(TransferCodes.TicketRefused, (await Draw(f.Customer, thief.Sign(request))).Code);
        Assert.Equal(Codes.Malformed, (await Draw(f.Customer, thief.Sign([1]))).Code);
        var there = await f.Other.At(f.Customer);
        Assert.Equal(Codes.CustomerLocked, (await there.Ask<Result<Signed>>(
            r => new CustomerKeyMessage.AskTicket(key.Public, Digest.Of([1]), r))).Code);
    }

    private static Task<Result<Signed>> Draw(TestCustomer customer, Signed request) =>
        customer.Ask<Result<Signed>>(r => new CustomerKeyMessage.DrawTicket(request, r));

    /// <summary>A ticket for a successor of dmz-2, which holds for a moment to draw it, or of another customer's owner.</summary>
    private static async Task<Admission> Draw(TransferFixture f, TicketKey key, TestCustomer? of = null)
    {
        var holder = of ?? await f.Held();
        var asked = await holder.Ask<Result<Signed>>(
            r => new CustomerKeyMessage.AskTicket(key.Public, f.Owner.Node.Incarnation.Key.Fingerprint, r));
        var drawn = await Draw(of ?? f.Customer, asked.Value!);
        if (of is null)
        {
            await holder.Wipe();
        }

        return Admission.Of(drawn.Value!.Read<DrainTicket>(), drawn.Value!.Signature);
    }
}
