using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Transfer;

namespace Broker.Dmz.Tests.Transfers;

/// <summary>What <c>admission.mode = auto</c> gives, and what it gives up.</summary>
public sealed class AutoSpecs : IAsyncLifetime
{
    private readonly DmzWorld _world = new() { AdmitsAll = true };
    private TransferFixture? _fixture;

    private TransferFixture F => _fixture!;

    public async Task InitializeAsync()
    {
        await _world.InitializeAsync();
        _fixture = await TransferFixture.StartAsync(_world);
    }

    public async Task DisposeAsync()
    {
        await F.DisposeAsync();
        await _world.DisposeAsync();
    }

    [Fact]
    public async Task A_peer_should_be_admitted_by_its_certificate()
    {
        F.Owner.Know(F.Other);

        var fetched = await F.Other.Fetcher.Fetch(F.Customer.Name, F.Holder, Admission.Auto, null, default);

        Assert.Equal(KeyState.Holding, fetched.Value?.State);
    }

    [Fact]
    public async Task A_node_that_is_no_peer_should_not_be_admitted()
    {
        using var thief = new Thief(F, "dmz-9");

        Assert.Equal(TransferCodes.PeerUnknown, await thief.Ask(Admission.Auto));
    }

    [Fact]
    public async Task A_copied_key_should_be_noticed_while_the_node_runs()
    {
        F.Owner.Know(F.Other);
        using var thief = new Thief(F);

        Assert.Equal(TransferCodes.SecondIncarnation, await thief.Ask(Admission.Auto));
        await TransferFixture.ShouldHandOff(F.Customer, F.Agent);
    }

    [Fact]
    public async Task A_copied_key_should_be_enough_while_the_node_does_not_run_which_is_what_auto_gives_up()
    {
        // The address of a node that is not there.
        await using var gone = await OtherNode.StartAsync(_world, "dmz-3");
        F.Owner.Know(gone);
        await gone.DisposeAsync();
        using var thief = new Thief(F, "dmz-3");

        Assert.Equal("handed over", await thief.Ask(Admission.Auto));
    }
}
