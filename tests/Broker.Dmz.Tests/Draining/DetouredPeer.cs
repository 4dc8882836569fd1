using System.Collections.Concurrent;
using Broker.Actors;
using Broker.Dmz.Peers;
using Broker.Dmz.Tests.Support;
using Broker.Links.Identity;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Tests.Draining;

/// <summary>The way to a node, which hangs at some operations; the node is asked to hold customers by an intake of its own.</summary>
/// <param name="there">The node.</param>
/// <param name="way">The way to it.</param>
/// <param name="intake">What asks for customers there.</param>
/// <param name="hangs">Names of the operations that never end.</param>
internal sealed class DetouredPeer(OtherNode there, PeerCaller way, ActorRef<PeerIntakeMessage>? intake, params string[] hangs)
    : PeerCaller(way.Node)
{
    private readonly PeerService _service = new(there.Node, there.Customers, intake: intake);
    private readonly PeerIdentity _anybody = new(LinkRole.Dmz, Name.Parse("dmz-1"), null, false, there.Node.Incarnation.Key);
    private readonly ConcurrentDictionary<string, int> _calls = new();

    public override Uri Address => way.Address;

    /// <summary>How often an operation was called.</summary>
    public int Calls(string operation) => _calls.GetValueOrDefault(operation);

    public override async Task<TReply> CallAsync<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, TRequest request, CancellationToken cancellationToken)
    {
        _calls.AddOrUpdate(operation.Name, 1, static (_, n) => n + 1);
        if (hangs.Contains(operation.Name))
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }

        if (request is not HoldRequest hold)
        {
            return await way.CallAsync(operation, request, cancellationToken);
        }

        var answer = await _service.Hold(_anybody, hold, cancellationToken);
        return answer.Reply is { } reply
            ? (TReply)(object)reply
            : throw new ZoneRefusedException(answer.Refusal!.Code, answer.Refusal.Detail);
    }
}
