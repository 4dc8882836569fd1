using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Peers;
using Broker.Dmz.Tests.Support;
using Broker.Dmz.Tests.Transfers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Dmz.Tests.Faults;

/// <summary>A key's actor whose mailbox is full is a busy one, to whoever works for it; nothing of theirs ends with that.</summary>
public sealed class BusyKeySpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    private static int _number;

    [Fact]
    public async Task A_change_should_be_told_busy()
    {
        var customer = await world.Enrolled();
        var key = await Full();
        var writer = Writer(customer, key);
        var request = customer.Request(UserAction.PutPolicy, customer.Policy("p", ["a"]));

        var done = await writer.Ask<Result<ChangeDone>>(
            r => new WriterMessage.Submit(new Change.ByUser(request, UserAction.PutPolicy, default), r), Patience.Limit);

        Assert.Equal(Codes.Busy, done.Code);
        key.Stop();
    }

    [Fact]
    public async Task A_rotation_should_be_tried_again()
    {
        var customer = await world.Enrolled(administratorsRequired: 2);
        await customer.PutPolicy("web", agents: ["web-1"]);
        await customer.PutCredential("db", "secret"u8.ToArray(), "web");
        world.Zone.Allow("rotate-rows", 0);
        await customer.Rotate();
        var fence = (await world.Node.Zone.GetCustomerAsync(new() { Customer = customer.Name.Value }, default)).Fence;
        // The customer's own writer comes to a key that is locked, after one batch at most.
        await customer.Wipe();
        world.Zone.AllowAll("rotate-rows");
        var key = await Full();

        Writer(customer, key).Tell(new WriterMessage.Rotate(2, fence));

        using var soon = new CancellationTokenSource(Patience.Limit, TimeProvider.System);
        while ((await customer.Ledger()).Count(static b => b.Kind == BlockKind.Rotation) < 3)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, soon.Token);
        }

        key.Stop();
    }

    [Fact]
    public async Task A_node_that_leaves_should_keep_that_customer_and_go_on()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var key = await Full();

        Assert.False(await PeerDeparture.GiveOver(
            new CustomerRefs(f.Customer.Name, key), f.Holder, f.Other.Node.Incarnation.Key.Fingerprint, holdsOn: false, default));

        key.Stop();
    }

    private ActorRef<WriterMessage> Writer(TestCustomer customer, ActorRef<CustomerKeyMessage> key) => world.System.Spawn(
        Props<WriterMessage>.Of(() => new CustomerWriter(world.Node, customer.Name, key, NullLogger.Instance)),
        $"writer-of-a-busy-key-{Interlocked.Increment(ref _number)}");

    /// <summary>An actor that is at work until it is stopped, with its mailbox full.</summary>
    private async Task<ActorRef<CustomerKeyMessage>> Full()
    {
        var begun = new TaskCompletionSource();
        var key = world.System.Spawn(
            Props<CustomerKeyMessage>.Of(() => new AtWork(begun)).WithMailbox(1), $"busy-key-{Interlocked.Increment(ref _number)}");
        key.Tell(new CustomerKeyMessage.Spare());
        await begun.Task.WaitAsync(Patience.Limit);
        Assert.Equal(TellResult.Accepted, key.TryTell(new CustomerKeyMessage.Spare()));
        Assert.Equal(TellResult.Busy, key.TryTell(new CustomerKeyMessage.Spare()));
        return key;
    }

    private sealed class AtWork(TaskCompletionSource begun) : Actor<CustomerKeyMessage>
    {
        protected override async ValueTask Receive(CustomerKeyMessage message)
        {
            begun.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, Context.Time, Context.Stopping);
        }
    }
}
