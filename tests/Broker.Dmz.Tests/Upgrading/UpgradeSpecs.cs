using System.Text.Json;
using Broker.Dmz.Customers;
using Broker.Dmz.Peers;
using Broker.Dmz.Tests.Forwarding;
using Broker.Dmz.Tests.Support;
using Broker.Dmz.Tests.Transfers;
using Broker.Links.Versions;
using Broker.Protocol.Api;
using Broker.Protocol.Ledger;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Dmz.Tests.Upgrading;

/// <summary>Nodes in the middle of a rolling upgrade: one version apart everything works, two apart nothing does, and it is said.</summary>
public sealed class UpgradeSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task A_launch_at_a_new_node_should_be_answered_by_an_old_owner()
    {
        await using var f = await TransferFixture.StartAsync(world);
        f.Other.Know(new OldPeer(f.Other.To(f.Owner)));
        using var console = new Forwarding.Console(f.Other, f.Customer);

        var launched = console.Launch(f.Customer.Launch(), wait: 60);
        await ForwardingSpecs.Acknowledge(f.Agent);

        Assert.Equal(HandOffState.Acknowledged, (await launched).Reply?.State);
    }

    [Fact]
    public async Task A_customer_should_pass_from_an_old_node_to_a_new_one()
    {
        await using var f = await TransferFixture.StartAsync(world);

        var fetched = await f.Other.Fetcher.Fetch(
            f.Customer.Name, new OldPeer(f.Holder), f.Admitters.Admit(f.Other.Node, world.Time.GetUtcNow()), null, default);

        Assert.True(fetched.Code is null, $"{fetched.Code}: {fetched.Detail}");
        Assert.Equal(KeyState.Holding, fetched.Value!.State);
    }

    [Fact]
    public async Task Status_should_tell_the_lowest_version_and_what_an_old_node_says()
    {
        await using var f = await TransferFixture.StartAsync(world);
        f.Other.Know(new OldPeer(f.Other.To(f.Owner)));

        var status = await Status(f);

        Assert.Equal(LinkVersion.Unannounced, status.LowestVersion);
        Assert.Equal(
            [("dmz-1", true, 1u), ("dmz-2", true, LinkVersion.Current)],
            status.Members.Select(static m => (m.Node, m.Answers, m.LinkVersion)));
        var customer = Of(status, f.Customer);
        Assert.Equal(("owned", "proven", null), (customer.State, customer.Freshness, customer.Witnessed));
    }

    [Fact]
    public async Task Status_should_tell_versions_store_and_when_a_head_was_witnessed()
    {
        await using var f = await TransferFixture.StartAsync(world);
        f.Other.Know(f.Owner);

        var status = await Status(f);

        Assert.Equal(LinkVersion.Current, status.LowestVersion);
        var zone = Assert.Single(status.Zone);
        Assert.Equal((true, LinkVersion.Current, "sqlite", 0u), (zone.Answers, zone.LinkVersion, zone.Store!.Kind, zone.Store.Standbys));
        Assert.NotNull(zone.Version);
        Assert.NotNull(Of(status, f.Customer).Witnessed);
    }

    [Fact]
    public async Task Status_should_tell_that_freshness_is_unproven_and_what_the_last_unlock_failed_with()
    {
        var customer = await world.Enrolled();
        await customer.Wipe();
        world.LoseWitnesses();
        await customer.RestartLocked();
        await customer.Give(customer.ShareFor(1));
        await customer.Give(customer.ShareFor(2));
        await customer.Until(static s => s.LastFailure == Codes.FreshnessUnproven);
        await using var served = await OtherNode.ServeAsync(world);

        var found = Of(await Status(served), customer);

        Assert.Equal(("locked", "unproven", Codes.FreshnessUnproven), (found.State, found.Freshness, found.Failure));
    }

    [Fact]
    public async Task An_owner_that_is_two_versions_away_should_be_told_so()
    {
        await using var f = await TransferFixture.StartAsync(world);
        f.Other.Know(new FarPeer(f.Other.To(f.Owner)));
        using var console = new Forwarding.Console(f.Other, f.Customer);

        Assert.Equal(LinkVersion.TooFar, (await console.Launch(f.Customer.Launch())).Code);
        var owner = (await Status(f)).Members.Single(static m => m.Node == "dmz-1");
        Assert.Equal((false, LinkVersion.Current + 2), (owner.Answers, owner.LinkVersion));
        Assert.False(f.Agent.TryFrame(out _));
    }

    // Whoever says who it is lives: nobody takes its customers away for being of another version.
    [Fact]
    public async Task A_peer_that_is_two_versions_away_should_be_told_once_and_count_as_alive()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var (versions, far) = (new PeerVersions(NullLogger.Instance), new FarPeer(f.Other.To(f.Owner)));

        versions.Looked(far);
        Assert.Equal([(f.Owner.Node.Node, LinkVersion.Current + 2)], versions.Far.Select(static v => (v.Key, v.Value)));
        Assert.Equal(f.Owner.Node.Incarnation.Key, (await PeerProbe.Look(f.Other.Node, far, default)).Value?.Key);
        versions.Looked(new FarPeer(far, LinkVersion.Current));
        Assert.Empty(versions.Far);
    }

    private static ClusterCustomerModel Of(ClusterStatusModel status, TestCustomer customer) =>
        status.Customers.Single(c => c.Customer == customer.Name.Value);

    private static Task<ClusterStatusModel> Status(TransferFixture f) => Status(f.Other);

    private static async Task<ClusterStatusModel> Status(OtherNode node)
    {
        using var console = node.Console();
        var answer = await console.GetStringAsync(new Uri("/v1/cluster/status?limit=256", UriKind.Relative));
        return JsonSerializer.Deserialize(answer, ApiJson.Default.ClusterStatusModel)!;
    }
}
