using System.Collections.Concurrent;
using Broker.Dmz.Node;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Agents;

/// <summary>
/// The directory of nodes that know each other by configuration: what is here is known here; an owner remembers which node announced an
/// agent by asking for its session; whom nobody announced is asked for at every peer.
/// </summary>
internal sealed class StaticAgentDirectory(DmzContext node) : IAgentDirectory
{
    /// <summary>Hints at a time; beyond it, some are forgotten.</summary>
    internal const int MaxHints = 100_000;

    private static readonly TimeSpan HintLasts = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<(Name Customer, Name Agent), ulong> _here = new();
    private readonly ConcurrentDictionary<(Name Customer, Name Agent), (Name Node, long At)> _hints = new();

    /// <summary>Hints that are remembered.</summary>
    internal int Hints => _hints.Count;

    public ValueTask PublishAsync(Name customer, Name agent, ulong link, CancellationToken cancellation)
    {
        _here.AddOrUpdate((customer, agent), link, (_, there) => Math.Max(there, link));
        return ValueTask.CompletedTask;
    }

    public ValueTask WithdrawAsync(Name customer, Name agent, ulong link, CancellationToken cancellation)
    {
        _here.TryRemove(new KeyValuePair<(Name, Name), ulong>((customer, agent), link));
        return ValueTask.CompletedTask;
    }

    public bool IsHere(Name customer, Name agent) => _here.ContainsKey((customer, agent));

    public void Heard(Name customer, Name agent, Name heard)
    {
        if (_hints.Count >= MaxHints && !_hints.ContainsKey((customer, agent)))
        {
            foreach (var (key, _) in _hints.Take(MaxHints / 10))
            {
                _hints.TryRemove(key, out _);
            }
        }

        _hints[(customer, agent)] = (heard, node.Time.GetTimestamp());
    }

    public async ValueTask<Name?> FindAsync(Name customer, Name agent, CancellationToken cancellation)
    {
        if (IsHere(customer, agent))
        {
            return node.Node;
        }

        if (_hints.TryGetValue((customer, agent), out var hint))
        {
            // Used once: if it is wrong, the next one who looks asks.
            _hints.TryRemove((customer, agent), out _);
            if (node.Time.GetElapsedTime(hint.At) < HintLasts)
            {
                return hint.Node;
            }
        }

        var answers = await Task.WhenAll(node.Peers.Others.Select(p => Holds(p, customer, agent, cancellation)));
        return answers.FirstOrDefault(static n => n is not null);
    }

    private async Task<Name?> Holds(PeerCaller peer, Name customer, Name agent, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(Patience, node.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            var reply = await peer.CallAsync(
                AgentRelayOperations.Find, new Wire.FindAgentRequest { Customer = customer.Value, Agent = agent.Value }, either.Token);
            return reply.Held ? peer.Node : null;
        }
        catch (Exception problem) when (problem is ZoneException or OperationCanceledException)
        {
            return null;
        }
    }
}
