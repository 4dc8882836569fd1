using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Requests;
using Broker.Secrets;

namespace Broker.Dmz.Tests.Faults;

public sealed class EnrolmentSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task An_enrolment_whose_answer_was_lost_should_stand_where_the_zone_has_it()
    {
        var customer = await world.NewCustomer();
        world.Zone.LoseNextAnswer("enrol");

        await customer.Enrol();

        Assert.Equal((await customer.ZoneState()).Fence, (await customer.Status()).Fence);
    }

    [Fact]
    public async Task A_customer_that_was_enrolled_after_its_actor_was_made_should_unlock()
    {
        var customer = await world.Enrolled();
        await world.Restart();
        var refs = await world.Customers.Find(customer.Name, exists: false);
        var there = customer.At(refs.Value!);
        Assert.Equal(KeyState.Unknown, (await there.Status()).State);

        await there.Unlock();

        Assert.Null((await there.Submit(there.Request(UserAction.PutPolicy, there.Policy("p", ["a"])), UserAction.PutPolicy)).Code);
    }

    [Fact]
    public async Task An_enrolment_without_locked_memory_should_leave_nothing_and_be_possible_later()
    {
        var customer = await world.NewCustomer();
        var plan = customer.Plan();
        var before = SecretMemory.Default.LiveBytes;
        using (Filled())
        {
            Assert.Equal(Codes.Busy, (await customer.AskToEnrol(plan)).Code);
            Assert.Equal(KeyState.Unknown, (await customer.Status()).State);
        }

        Assert.Equal(before, SecretMemory.Default.LiveBytes);
        await customer.Enrol();
    }

    [Fact]
    public async Task A_share_without_locked_memory_should_be_busy_and_count_later()
    {
        var customer = await world.Enrolled();
        await customer.Wipe();
        var (first, second) = (customer.ShareFor(1), customer.ShareFor(2));
        using (Filled())
        {
            Assert.Equal(Codes.Busy, (await customer.Give(first)).Code);
        }

        Assert.Null((await customer.Give(first)).Code);
        using (Filled())
        {
            Assert.Equal(Codes.Busy, (await customer.Give(second)).Code);
        }

        Assert.Null((await customer.Give(second)).Code);
        await customer.UntilUnlocked();
    }

    private static Buffers Filled()
    {
        var buffers = new Buffers();
        for (var length = SecretMemory.LargestLength; length > 0; length /= 2)
        {
            while (buffers.TryAdd(length))
            {
            }
        }

        return buffers;
    }

    private sealed class Buffers : IDisposable
    {
        private readonly List<SecretBuffer> _buffers = [];

        public bool TryAdd(int length)
        {
            try
            {
                _buffers.Add(SecretBuffer.Allocate(length));
                return true;
            }
            catch (SecretMemoryExhaustedException)
            {
                return false;
            }
        }

        public void Dispose() => _buffers.ForEach(static b => b.Dispose());
    }
}
