using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Broker.Dmz.Customers;
using Broker.Dmz.Gateway;
using Broker.Dmz.Placement;
using Broker.Links.Peers;
using Broker.Protocol.Identifiers;
using Microsoft.AspNetCore.Http;

namespace Broker.Dmz.Forwarding;

// What was begun on a node the zone does not know of: the nodes are asked which of them it is.
internal sealed partial class Forwarder
{
    /// <summary>Has the node answer on which an enrolment, an unlock or a change of custody was begun.</summary>
    /// <returns>Its answer; null where this node is the one to answer, or none says that it is.</returns>
    public async Task<Result<TReply>?> CallWhereBegun<TBody, TReply>(
        HttpContext context, string operation, TBody body, JsonTypeInfo<TBody> bodyInfo, JsonTypeInfo<TReply> replyInfo)
        where TReply : class
    {
        var customer = Calls.RouteName(context, "customer");
        if (node.Peers.Others.Count == 0 || node.Held.Find(customer) is { IsServedHere: true } or { State: KeyState.Unlocking } ||
            await FindBegun(customer, context.RequestAborted) is not { } way)
        {
            return null;
        }

        var request = Request(context, operation, JsonSerializer.SerializeToUtf8Bytes(body, bodyInfo));
        return await Send(way, request, reply => Read(reply, replyInfo), context.RequestAborted);
    }

    private async Task<PeerCaller?> FindBegun(Name customer, CancellationToken cancellation)
    {
        var said = await Task.WhenAll(node.Peers.Others.ToArray().Select(
            async p => (Peer: p, State: (await PeerHoldings.Ask(node, p.Node, [customer], cancellation))?.Holdings is [var one]
                ? one.State
                : "")));
        return said.FirstOrDefault(static s => s.State is KeyState.Enrolling or KeyState.LiftNeeded).Peer ??
            said.FirstOrDefault(static s => s.State is KeyState.Unlocked or KeyState.Unlocking).Peer;
    }
}
