using Broker.Dmz.Customers;
using Broker.Dmz.Draining;
using Broker.Links.Tls;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;
using Microsoft.AspNetCore.Http;

namespace Broker.Dmz.Gateway;

/// <summary>
/// A node that leaves: who asks for it names the start of the node, so that neither another node nor its successor leaves instead. Only
/// consoles that the node's own configuration names may; how far it is, any console may know.
/// </summary>
internal sealed class DrainCalls(GatewayContext gateway)
{
    private const ulong MaxWait = 30;

    private DrainProgress Progress => gateway.Node.Drain;

    public void Map(Calls calls)
    {
        var json = ApiJson.Default;
        calls.Body("POST", "/v1/node/drain", json.DrainNodeModel, json.DrainModel, 202,
            new About("DrainNode", "Has this start of the node give its customers and agents to other nodes, and end") { Problems = [409] },
            Drain);
        calls.Get("/v1/node/drain", json.DrainModel,
            new About(
                "GetDrain", "How far the node is with leaving, at once or when that has changed",
                new QueryAbout("after", "the version that is known: the answer comes with a later one; without it, at once", long.MaxValue),
                new QueryAbout("wait", "seconds to wait for it; 0 by default", MaxWait)),
            Follow);
    }

    private Task<Result<DrainModel>> Drain(HttpContext context, DrainNodeModel model)
    {
        var console = context.Peer()!.Name;
        var node = gateway.Node;
        if (gateway.Drain is not { } permit || !permit.Consoles.Contains(console))
        {
            return Refuse(
                TransferCodes.DrainForbidden,
                $"console {console} is not among broker.dmz.drain.consoles of this node; stop it by its service manager instead");
        }

        if (Name.Parse(model.Node) != node.Node || model.Incarnation != node.Incarnation.Key.Fingerprint.ToString())
        {
            return Refuse(TransferCodes.DrainOfAnother, $"this is another node, or another start of it, than was named: {node.Node}");
        }

        permit.Stop($"console {console} has it leave");
        return Task.FromResult<Result<DrainModel>>(Model(Progress.State));
    }

    private async Task<Result<DrainModel>> Follow(HttpContext context)
    {
        var wait = TimeSpan.FromSeconds(Calls.Query(context, "wait", 0, MaxWait));
        var after = string.IsNullOrEmpty(context.Request.Query["after"]) ? (ulong?)null : Calls.Query(context, "after", 0, long.MaxValue);
        return Model(after is { } version ? await Progress.After(version, wait, context.RequestAborted) : Progress.State);
    }

    private DrainModel Model(DrainState state)
    {
        var node = gateway.Node;
        return new DrainModel(
            node.Node.Value, node.Incarnation.Key.Fingerprint.ToString(), state.Phase, state.Version, state.Reason,
            node.Held.All.Count(static h => h.State == KeyState.Unlocked), state.GivenOver, state.Tickets, gateway.Agents.Count,
            [.. state.Left.Select(static l => new NotHeldModel(l.Customer.Value, l.Code))]);
    }

    private static Task<Result<DrainModel>> Refuse(string code, string detail) =>
        Task.FromResult<Result<DrainModel>>(new Refused(code, detail));
}
