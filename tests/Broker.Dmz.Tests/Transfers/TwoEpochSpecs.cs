using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;

namespace Broker.Dmz.Tests.Transfers;

/// <summary>A transfer while a rotation is under way: both epochs' secrets go over at once, under one intent.</summary>
public sealed class TwoEpochSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task A_holder_should_get_both_epochs_and_end_the_rotation_when_it_owns()
    {
        await using var f = await TransferFixture.StartAsync(world);
        world.Zone.Allow("rotate-rows", 0);
        await f.Customer.Rotate();
        f.Agent.Grant = f.Agent.Grant with { Identity = f.Customer.Custody.Identity.Fingerprint };

        var there = await f.Held();

        var block = Assert.Single(await f.Customer.Ledger(), static b => b.Kind == BlockKind.Transfer);
        Assert.Equal([1u, 2u], Statement.Read<TransferRecord>(block.Body.Span).Intent.Read<TransferIntent>().Epochs);
        await TransferSpecs.HandOver(f);
        await f.Customer.Until(static s => s.State == KeyState.Locked);
        f.Agent.MoveTo(there);
        await f.Agent.Connect();
        await there.ShouldDeliver(f.Agent, "db", "correct horse battery staple");

        world.Zone.AllowAll("rotate-rows");
        await there.UntilRowsLeft(null);
        await there.ShouldDeliver(f.Agent, "db", "correct horse battery staple");
        Assert.Contains(await f.Customer.Ledger(), static b => b.Kind == BlockKind.RotationEnded);
    }
}
