using Broker.Actors;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Agents;

/// <summary>What <c>/relays</c> understands.</summary>
internal abstract record AgentRelayWatchMessage
{
    private AgentRelayWatchMessage()
    {
    }

    /// <summary>Look at all relays.</summary>
    public sealed record Look : AgentRelayWatchMessage;

    /// <summary>Look whether nodes at the other end of some are gone.</summary>
    public sealed record Sweep : AgentRelayWatchMessage;
}

/// <summary>
/// Asks the owners every two seconds which of this node's relays they still know, all of one owner in a few calls. One that an owner does
/// not know, and those of an owner that is silent twice, look for their owner again. Stand-ins of which nobody has asked for long end, and
/// at once those of a node that refuses connections: nothing more is sealed to an agent whose link died with it.
/// </summary>
internal sealed class AgentRelayWatch(AgentRouting routing) : Actor<AgentRelayWatchMessage>
{
    /// <summary>Silences in a row after which an owner counts as gone.</summary>
    internal const int MostMissed = 2;

    /// <summary>How long a holder may be silent about a stand-in.</summary>
    internal static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BetweenSweeps = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Dictionary<Name, int> _missed = [];

    protected override ValueTask PreStart()
    {
        Context.StartTimer("look", new AgentRelayWatchMessage.Look(), Interval);
        Context.StartTimer("sweep", new AgentRelayWatchMessage.Sweep(), BetweenSweeps);
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask Receive(AgentRelayWatchMessage message)
    {
        if (message is AgentRelayWatchMessage.Sweep)
        {
            Sweep();
            return;
        }

        foreach (var silent in routing.Relays.Silent(Silence))
        {
            routing.Relays.End(silent, RelayCodes.HolderSilent);
        }

        var open = routing.Relays.OpenByOwner();
        var answers = await Task.WhenAll(open.Select(o => Check(o.Key, o.Value)));
        foreach (var (owner, unknown) in answers)
        {
            Settle(owner, open[owner], unknown);
        }

        Context.StartTimer("look", new AgentRelayWatchMessage.Look(), Interval);
    }

    private void Sweep()
    {
        var pulses = routing.Node.Peers.Pulses;
        foreach (var gone in routing.Node.Peers.Others.Select(static p => p.Node).Where(n => pulses.IsSilent(n) && !pulses.MayLive(n)))
        {
            foreach (var link in routing.Relays.Of(gone))
            {
                routing.Relays.End(link, RelayCodes.HolderSilent);
            }
        }

        Context.StartTimer("sweep", new AgentRelayWatchMessage.Sweep(), BetweenSweeps);
    }

    private void Settle(Name owner, List<Id16> all, IReadOnlyList<Id16>? unknown)
    {
        if (unknown is not null)
        {
            _missed.Remove(owner);
            End(owner, unknown, RelayCodes.Unknown);
        }
        else if ((_missed[owner] = _missed.GetValueOrDefault(owner) + 1) >= MostMissed)
        {
            _missed.Remove(owner);
            End(owner, all, Customers.TransferCodes.PeerUnavailable);
        }
    }

    private void End(Name owner, IReadOnlyList<Id16> relays, string code)
    {
        foreach (var relay in relays)
        {
            if (routing.Relays.TryHeld(owner, relay, out var session))
            {
                session.Tell(new AgentSessionMessage.RelayOver(relay, code, Again: true, IsKnown: true));
            }
        }
    }

    /// <summary>Null where the owner did not answer.</summary>
    private async Task<(Name Owner, IReadOnlyList<Id16>? Unknown)> Check(Name owner, List<Id16> relays)
    {
        if (routing.Node.Peers.Find(owner) is not { } peer)
        {
            return (owner, null);
        }

        using var limit = new CancellationTokenSource(Patience, routing.Node.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, Context.Stopping);
        try
        {
            var unknown = new List<Id16>();
            foreach (var some in relays.Chunk(AgentRelayOperations.MaxNamed))
            {
                var request = new Wire.CheckAgentsRequest();
                request.Relays.AddRange(some.Select(static r => ByteString.CopyFrom(r.ToArray())));
                var reply = await peer.CallAsync(AgentRelayOperations.Check, request, either.Token);
                unknown.AddRange(reply.Unknown.Where(static u => u.Length == Id16.Length).Select(static u => new Id16(u.Span)));
            }

            return (owner, unknown);
        }
        catch (Exception problem) when (problem is ZoneException or OperationCanceledException)
        {
            return (owner, null);
        }
    }
}
