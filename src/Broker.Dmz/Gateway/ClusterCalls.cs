using Broker.Cluster;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Dmz.Placement;
using Broker.Links.Versions;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;
using Microsoft.AspNetCore.Http;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Gateway;

/// <summary>What the ops team asks about the nodes together: who takes part, who owns and holds what.</summary>
internal sealed class ClusterCalls(GatewayContext gateway)
{
    private const int AtOnce = 16;

    // What a peer says is a number of 64 bits; a date has an end.
    private const ulong MaxUnixMilliseconds = 253_402_300_799_999;

    public void Map(Calls calls) => calls.Get(
        "/v1/cluster/status", ApiJson.Default.ClusterStatusModel,
        new About(
            "GetClusterStatus", "Nodes of both zones with their versions, and for each customer its owner, fence and holders",
            QueryAbout.After, QueryAbout.Limit),
        Status);

    private async Task<Result<ClusterStatusModel>> Status(HttpContext context)
    {
        var node = gateway.Node;
        var limit = Math.Min(Calls.Limit(context), Peers.PeerService.MaxHoldings);
        var page = await node.Zone.ListCustomersAsync(
            new Wire.ListCustomersRequest { After = (string?)context.Request.Query["after"] ?? "", Limit = limit }, context.RequestAborted);
        var names = page.Customers.Select(Name.Parse).ToList();
        var states = await States(names, context.RequestAborted);
        var holdings = new Dictionary<Name, Protocol.Wire.Peer.HoldingsReply?>
        {
            [node.Node] = Peers.PeerService.Holdings(node, names.Select(static n => n.Value), gateway.Agents),
        };
        foreach (var (peer, answer) in await Task.WhenAll(node.Peers.Others.ToArray().Select(
            async p => (p.Node, await PeerHoldings.Ask(node, p.Node, names, context.RequestAborted)))))
        {
            holdings[peer] = answer;
        }

        var view = gateway.Membership?.View ?? ClusterView.Empty;
        var members = Members(node, view, holdings);
        var zone = await ZoneNodes(node, context.RequestAborted);
        return new ClusterStatusModel(
            node.Node.Value, view.IsCurrent, view.Version, gateway.Holders, members,
            [.. states.Select(s => Customer(s, holdings))], page.Customers.Count == limit ? page.Customers[^1] : null, Etcd())
        {
            Zone = zone,
            LowestVersion = members.Where(static m => m.Answers).SelectMany(static m => new[] { m.LinkVersion, m.LowestAgent })
                .Concat(zone.Where(static z => z.Answers).Select(static z => z.LinkVersion)).Where(static v => v > 0).Min(),
        };
    }

    private ClusterEtcdModel? Etcd() => gateway.Membership is EtcdMembership { Status: var status }
        ? new ClusterEtcdModel(status.Failure, status.Alarms) : null;

    private static async Task<IReadOnlyList<ClusterZoneModel>> ZoneNodes(DmzContext node, CancellationToken cancellation) =>
        [.. (await node.Zone.DescribeEachAsync(new Wire.DescribeRequest { Details = true }, cancellation)).Select(static z =>
            new ClusterZoneModel(z.Address?.AbsoluteUri ?? "", z.Reply is not null)
            {
                Node = z.Reply?.Node,
                Version = z.Reply is { Version: { Length: > 0 } version } ? version : null,
                LinkVersion = z.Version,
                Store = z.Reply?.Store is { } store ? Store(store) : null,
            })];

    private static ClusterStoreModel Store(Wire.StoreStanding store) => new(store.Kind, store.Schema, store.Answers)
    {
        Standbys = store.HasStandbys ? store.Standbys : null,
        LagBytes = store.HasLagBytes ? store.LagBytes : null,
        LagMilliseconds = store.HasLagMilliseconds ? store.LagMilliseconds : null,
    };

    private async Task<IReadOnlyList<Wire.CustomerState>> States(List<Name> names, CancellationToken cancellation)
    {
        var states = new List<Wire.CustomerState>();
        foreach (var some in names.Chunk(AtOnce))
        {
            states.AddRange((await Task.WhenAll(some.Select(n => gateway.State(n, cancellation)))).OfType<Wire.CustomerState>());
        }

        return states;
    }

    private static IReadOnlyList<ClusterMemberModel> Members(
        DmzContext node, ClusterView view, Dictionary<Name, Protocol.Wire.Peer.HoldingsReply?> holdings) =>
        [.. node.Peers.Others.Select(static p => (p.Node, p.Address.AbsoluteUri))
            .Append((node.Node, view.Find(node.Node)?.Address.AbsoluteUri ?? ""))
            .OrderBy(static m => m.Node.Value, StringComparer.Ordinal)
            .Select(m => new ClusterMemberModel(
                m.Node.Value, m.Item2, view.Find(m.Node)?.Incarnation.ToString(), holdings[m.Node] is not null,
                holdings[m.Node]?.Version, holdings[m.Node]?.Sessions ?? 0)
            {
                LinkVersion = m.Node == node.Node ? LinkVersion.Current : node.Peers.Find(m.Node)!.Version,
                LowestAgent = holdings[m.Node]?.LowestAgent ?? 0,
            })];

    private static ClusterCustomerModel Customer(
        Wire.CustomerState state, Dictionary<Name, Protocol.Wire.Peer.HoldingsReply?> holdings)
    {
        var holders = holdings.Where(h => PeerHoldings.Held(h.Value).Contains(state.Customer)).Select(static h => h.Key.Value)
            .Order(StringComparer.Ordinal).ToList();
        var lockStands = state.LockGeneration > state.LiftedGeneration;
        var isOwned = Name.TryParse(state.OwnerNode, out var owner) && holdings.GetValueOrDefault(owner) is { } said &&
            said.Holdings.Any(h => h.Customer == state.Customer && h.State == KeyState.Unlocked && h.Fence == state.Fence);
        var told = holdings.Values.OfType<Protocol.Wire.Peer.HoldingsReply>()
            .SelectMany(r => r.Holdings.Where(h => h.Customer == state.Customer)).ToList();
        var failure = told.Select(static h => h.Failure).FirstOrDefault(static f => f.Length > 0);
        var witnessed = told.Select(static h => h.WitnessedMs).DefaultIfEmpty().Max();
        return new ClusterCustomerModel(
            state.Customer, lockStands || holders.Count == 0 ? "locked" : isOwned ? "owned" : "waiting", state.OwnerNode, state.Fence,
            holders, lockStands)
        {
            Freshness = holders.Count > 0 ? "proven" : failure == Codes.FreshnessUnproven ? "unproven" : "unknown",
            Witnessed = witnessed is > 0 and <= MaxUnixMilliseconds ? DateTimeOffset.FromUnixTimeMilliseconds((long)witnessed) : null,
            Failure = failure,
        };
    }
}
