using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Dmz.Tests.Transfers;
using Broker.Protocol.Ledger;

namespace Broker.Dmz.Tests.Placing;

/// <summary>What a warm holder does when its customer gets another secret.</summary>
public sealed class EpochSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task A_holder_of_an_earlier_epoch_should_wipe_and_nobody_be_blamed_for_it()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var there = await f.Held();
        await f.Customer.Rotate();

        var taken = await there.Ask<Result<KeyStatus>>(r => new CustomerKeyMessage.TakeOver(null, r));

        Assert.Equal(Codes.EpochChanged, taken.Code);
        Assert.Equal(KeyState.Locked, (await there.Status()).State);
        Assert.DoesNotContain(await f.Customer.Ledger(), static b => b.Kind == BlockKind.Refusal);
        Assert.Equal(KeyState.Unlocked, (await f.Customer.Status()).State);
    }
}
