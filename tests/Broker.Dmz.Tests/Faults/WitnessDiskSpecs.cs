using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.TestKit;

namespace Broker.Dmz.Tests.Faults;

/// <summary>A node whose witness file cannot be written or read changes nothing meanwhile, and works on when it can be.</summary>
public sealed class WitnessDiskSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task A_change_should_be_told_and_leave_the_next_one_possible()
    {
        var customer = await world.Enrolled();
        var request = customer.Request(UserAction.PutPolicy, customer.Policy("p", ["a"]));

        Break(customer);
        var refused = await customer.Submit(request, UserAction.PutPolicy);
        Mend(customer);

        Assert.Equal(Codes.OutcomeUnknown, refused.Code);
        Assert.Null((await customer.Submit(request, UserAction.PutPolicy)).Code);
    }

    [Fact]
    public async Task A_rotation_should_go_on_after_it()
    {
        var customer = await world.Enrolled(administratorsRequired: 2);
        await customer.PutPolicy("web", agents: ["web-1"]);
        await customer.PutCredential("db", "secret"u8.ToArray(), "web");
        world.Zone.Allow("rotate-rows", 0);
        await customer.Rotate();

        Break(customer);
        world.Zone.AllowAll("rotate-rows");
        using var soon = new CancellationTokenSource(Patience.Limit, TimeProvider.System);
        while ((await customer.Ledger()).Count(static b => b.Kind == BlockKind.Rotation) < 2)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, soon.Token);
        }

        Mend(customer);
        await customer.UntilRowsLeft(null);
    }

    [Fact]
    public async Task An_unlock_should_be_told_and_be_possible_afterwards()
    {
        var customer = await world.Enrolled();
        await customer.Wipe();

        System.IO.File.Move(File(customer), Kept(customer));
        // Where no page of the process is, the kernel answers with EIO, as a disk does that cannot be read.
        System.IO.File.CreateSymbolicLink(File(customer), "/proc/self/mem");
        await customer.Give(customer.ShareFor(1));
        await customer.Give(customer.ShareFor(2));
        var refused = await customer.Until(s => s.LastFailure is not null);
        System.IO.File.Move(Kept(customer), File(customer), overwrite: true);

        Assert.Equal((KeyState.Locked, Codes.WitnessUnavailable), (refused.State, refused.LastFailure));
        await customer.Unlock();
    }

    private string File(TestCustomer customer) => Path.Combine(world.Node.WitnessDirectory, customer.Name.Value);

    private string Kept(TestCustomer customer) => File(customer) + ".kept";

    // The node may write its file at any moment.
    private void Break(TestCustomer customer)
    {
        System.IO.File.Move(File(customer), Kept(customer));
        while (!Directory.Exists(File(customer)))
        {
            try
            {
                Directory.CreateDirectory(File(customer));
            }
            catch (IOException)
            {
                System.IO.File.Delete(File(customer));
            }
        }
    }

    private void Mend(TestCustomer customer)
    {
        Directory.Delete(File(customer));
        System.IO.File.Move(Kept(customer), File(customer), overwrite: true);
    }
}
