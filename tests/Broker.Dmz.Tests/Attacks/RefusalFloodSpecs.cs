using System.Collections.Concurrent;
using System.Globalization;
using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Requests;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.TestKit;
using Microsoft.Extensions.Logging;

namespace Broker.Dmz.Tests.Attacks;

/// <summary>A user without a right asks again and again: that everybody else is served must not depend on the records of it.</summary>
public sealed class RefusalFloodSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    private const int BeyondTheLine = 400;

    private readonly Lines _lines = new();

    [Fact]
    public async Task Refusals_that_wait_to_be_recorded_should_not_hold_the_end_of_a_hand_off()
    {
        world.Log = _lines;
        await world.Restart();
        var (customer, agent) = await world.Ready();
        var letGo = world.Zone.Hold("report-refusal");
        foreach (var asks in Enumerable.Range(0, RefusalReporter.Capacity + BeyondTheLine).Chunk(50))
        {
            await Task.WhenAll(asks.Select(_ => Refused(customer)));
        }

        var launch = customer.Launch();
        var probe = customer.BeginSeal(launch, await customer.Release(launch));
        var (header, _) = await agent.Receive();
        agent.Acknowledge(header);
        Assert.Equal(HandOffState.Acknowledged, Assert.IsType<ProvisioningMessage.Ended>(await probe.Next()).State);
        Assert.Equal(HandOffState.Acknowledged, Assert.Single(await customer.Outcomes()).State);
        Assert.Empty(await customer.Refusals());

        letGo();
        await Until(async () => await customer.Refusals() is [{ Principal: "user/carol" }, ..]);
        await Refused(customer);
        await Until(() => Task.FromResult(_lines.NotRecorded.Count == 1));
        // One is with the zone while the line is full; whether a place was free for the last one is chance.
        Assert.InRange(Assert.Single(_lines.NotRecorded), BeyondTheLine - 1, BeyondTheLine);
    }

    [Fact]
    public async Task Refusals_that_found_no_place_should_be_told_in_the_log_once_a_minute()
    {
        var customer = await world.Enrolled();
        var reporter = world.System.Spawn(
            Props<RefusalMessage>.Of(() => new RefusalReporter(world.Node, customer.Name, _lines)), "reporter-of-refusals");
        reporter.Tell(Report(3));
        reporter.Tell(Report(4));
        await Until(async () => (await customer.Refusals()).Count == 2);
        Assert.Equal([3], _lines.NotRecorded);
        world.Time.Advance(TimeSpan.FromMinutes(1));
        reporter.Tell(Report(5));
        await Until(async () => (await customer.Refusals()).Count == 3);
        Assert.Equal([3, 9], _lines.NotRecorded);

        static RefusalMessage.Report Report(long before) => new("user/carol", "put-policy", RequestRefusal.RoleForbids, before);
    }

    private static async Task Refused(TestCustomer customer) => Assert.Equal(RequestRefusal.RoleForbids, (await customer.Submit(
        customer.Request(UserAction.PutPolicy, customer.Policy("mine", ["web-1"]), "carol"), UserAction.PutPolicy)).Code);

    private static async Task Until(Func<Task<bool>> holds)
    {
        using var soon = new CancellationTokenSource(Patience.Limit, TimeProvider.System);
        while (!await holds())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, soon.Token);
        }
    }

    /// <summary>How many were not recorded, as each line of the log says.</summary>
    private sealed class Lines : ILogger
    {
        private readonly ConcurrentQueue<long> _notRecorded = new();

        public IReadOnlyList<long> NotRecorded => [.. _notRecorded];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception).Split(' ') is [_, _, var count, "refusals", "were", "not", "recorded:", ..])
            {
                _notRecorded.Enqueue(long.Parse(count, CultureInfo.InvariantCulture));
            }
        }
    }
}
