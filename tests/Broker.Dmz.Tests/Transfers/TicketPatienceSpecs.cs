using System.Collections.Concurrent;
using Broker.Dmz.Customers;
using Broker.Dmz.Peers;
using Broker.Dmz.Tests.Support;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Transfer;
using Broker.Secrets;
using Broker.TestKit;
using Microsoft.Extensions.Logging;

namespace Broker.Dmz.Tests.Transfers;

/// <summary>A ticket whose holder is away for a moment is presented again, while its time lasts.</summary>
public sealed class TicketPatienceSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    private readonly Lines _log = new();

    [Theory]
    [InlineData("hangs")]
    [InlineData("zone-unreachable")]
    [InlineData("busy")]
    public async Task A_customer_should_come_from_a_holder_that_does_not_answer_the_first_look(string how)
    {
        await using var f = await TransferFixture.StartAsync(world);
        await using var successor = await OtherNode.StartAsync(world, "dmz-1");
        using var key = TicketKey.Generate(SystemRandom.Fill);
        var tickets = await Draw(f, key);
        var holder = new AwayPeer(successor.To(f.Owner), how, 1);

        var got = await new PeerSuccession(successor.Node, successor.Fetcher, _log).Collect(key, tickets, _ => holder, default);

        Assert.Contains(f.Customer.Name, got);
        Assert.Equal(KeyState.Unlocked, (await (await successor.At(f.Customer)).Status()).State);
        Assert.Single(_log.Of(f.Customer.Name), "again");
    }

    [Fact]
    public async Task A_ticket_should_be_tried_until_its_time_is_over_and_told_of_once()
    {
        await using var f = await TransferFixture.StartAsync(world);
        await using var successor = await OtherNode.StartAsync(world, "dmz-1");
        using var key = TicketKey.Generate(SystemRandom.Fill);
        var tickets = await Draw(f, key);
        var holder = new AwayPeer(successor.To(f.Owner), "zone-unreachable", int.MaxValue);
        var collecting = new PeerSuccession(successor.Node, successor.Fetcher, _log).Collect(key, tickets, _ => holder, default);
        await Until(() => holder.Calls(PeerOperations.Describe.Name) > 2);
        Assert.False(collecting.IsCompleted);

        world.Time.Advance(DrainTicket.MaxLife);

        Assert.Empty(await collecting);
        Assert.Equal(["again", "not"], _log.Of(f.Customer.Name));
    }

    [Fact]
    public async Task Other_tickets_should_not_wait_for_a_holder_that_hangs()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var other = await world.Enrolled();
        await using var successor = await OtherNode.StartAsync(world, "dmz-1");
        using var key = TicketKey.Generate(SystemRandom.Fill);
        var tickets = await Draw(f, key, other.Name);
        var (holder, away) = (successor.To(f.Owner), new AwayPeer(successor.To(f.Owner), "hangs", int.MaxValue));
        using var end = new CancellationTokenSource();

        // With timers that nobody moves, so that no patience is ever over.
        var node = successor.Node with { Time = new StandingTime(world.Time) };
        var collecting = new PeerSuccession(node, successor.Fetcher, _log).Collect(
            key, tickets, t => t.Ticket.Read<DrainTicket>().Customer == f.Customer.Name ? away : holder, end.Token);

        await (await successor.At(other)).UntilUnlocked();
        Assert.False(collecting.IsCompleted);
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => collecting);
    }

    [Fact]
    public async Task A_ticket_that_is_refused_should_not_be_tried_again()
    {
        await using var f = await TransferFixture.StartAsync(world);
        await using var successor = await OtherNode.StartAsync(world, "dmz-1");
        using var key = TicketKey.Generate(SystemRandom.Fill);
        using var another = TicketKey.Generate(SystemRandom.Fill);
        var tickets = await Draw(f, key);
        var holder = new AwayPeer(successor.To(f.Owner), "hangs", 0);

        Assert.Empty(await new PeerSuccession(successor.Node, successor.Fetcher, _log).Collect(another, tickets, _ => holder, default));

        Assert.Equal(1, holder.Calls(PeerOperations.Transfer.Name));
        Assert.Equal(["not"], _log.Of(f.Customer.Name));
    }

    [Fact]
    public async Task The_wait_should_end_with_the_node()
    {
        await using var f = await TransferFixture.StartAsync(world);
        await using var successor = await OtherNode.StartAsync(world, "dmz-1");
        using var key = TicketKey.Generate(SystemRandom.Fill);
        var tickets = await Draw(f, key);
        var holder = new AwayPeer(successor.To(f.Owner), "zone-unreachable", int.MaxValue);
        using var end = new CancellationTokenSource();
        var time = new StandingTime(world.Time);
        var collecting = new PeerSuccession(successor.Node with { Time = time }, successor.Fetcher, _log).Collect(
            key, tickets, _ => holder, end.Token);
        await Until(() => holder.Calls(PeerOperations.Describe.Name) > 0 && time.Armed > 0);

        await end.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => collecting);
    }

    /// <summary>The owner's tickets of the fixture's customer, and of others that are named.</summary>
    private static async Task<DrawnTickets> Draw(TransferFixture f, TicketKey key, params Name[] others)
    {
        var drawn = await new PeerDrain(f.Owner.Node, f.Owner.Customers, f.Owner.Address).Draw(key, default);
        return new DrawnTickets(
            [.. drawn.Tickets.Where(t => others.Append(f.Customer.Name).Contains(t.Ticket.Read<DrainTicket>().Customer))]);
    }

    private static async Task Until(Func<bool> happened)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!happened())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience.Limit, "the ticket is not tried");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }

    /// <summary>The way to a node that does not say who it is, for so many looks.</summary>
    private sealed class AwayPeer(PeerCaller way, string how, int looks) : PeerCaller(way.Node)
    {
        private readonly ConcurrentDictionary<string, int> _calls = new();

        public override Uri Address => way.Address;

        public int Calls(string operation) => _calls.GetValueOrDefault(operation);

        public override async Task<TReply> CallAsync<TRequest, TReply>(
            ZoneOperation<TRequest, TReply> operation, TRequest request, CancellationToken cancellationToken)
        {
            var calls = _calls.AddOrUpdate(operation.Name, 1, static (_, n) => n + 1);
            if (operation.Name == PeerOperations.Describe.Name && calls <= looks)
            {
                if (how != "hangs")
                {
                    throw new ZoneUnavailableException(how, "away", null);
                }

                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            }

            return await way.CallAsync(operation, request, cancellationToken);
        }
    }

    /// <summary>The day of another clock, and timers that stand still.</summary>
    private sealed class StandingTime(TimeProvider day) : TimeProvider
    {
        private readonly ManualTime _timers = new();

        public int Armed => _timers.Armed;

        public override DateTimeOffset GetUtcNow() => day.GetUtcNow();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            _timers.CreateTimer(callback, state, dueTime, period);
    }

    /// <summary>What the log says of tickets: that one is tried again, or that it brought nothing.</summary>
    private sealed class Lines : ILogger
    {
        private readonly ConcurrentQueue<(int Event, string Text)> _lines = new();

        public IReadOnlyList<string> Of(Name customer) =>
            [.. _lines.Where(l => l.Text.Contains($"customer {customer}:", StringComparison.Ordinal))
                .Select(static l => l.Event switch { 2607 => "not", 2609 => "again", _ => l.Text })];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue((eventId.Id, formatter(state, exception)));
    }
}
