using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Agents;

/// <summary>
/// Sessions whose two ends are on two nodes, at both ends: those of links that are held here, and the stand-ins for agents that are
/// connected elsewhere. What a peer names counts only for relays with that very peer. Thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="perSecond">Sessions that a peer may begin in a second.</param>
/// <param name="capacity">Stand-ins for agents of one peer at a time.</param>
/// <param name="connected">For listings.</param>
internal sealed class AgentRelays(TimeProvider time, int perSecond, int capacity, ConnectedAgents connected)
{
    /// <summary>Stand-ins for one agent over one peer; beyond it the oldest that has no session gives way.</summary>
    internal const int MaxPerAgent = 8;

    private readonly ConcurrentDictionary<Id16, HeldRelay> _held = new();
    private readonly ConcurrentDictionary<Name, HandshakePace> _paces = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<(Name Holder, Id16 Relay), StandInLink> _standIns = [];
    private readonly Dictionary<(Name Holder, Name Customer, Name Agent), List<StandInLink>> _byAgent = [];
    private readonly Dictionary<Name, int> _byHolder = [];

    /// <summary>Relays of links that are held here.</summary>
    public int Held => _held.Count;

    /// <summary>Stand-ins.</summary>
    public int StandIns
    {
        get
        {
            lock (_gate)
            {
                return _standIns.Count;
            }
        }
    }

    /// <summary>The rate at which a peer may begin sessions here.</summary>
    public HandshakePace PaceOf(Name holder) =>
        _paces.GetOrAdd(holder, static (_, s) => new HandshakePace(s.time, s.perSecond), (time, perSecond));

    /// <summary>A relay of a link that is held here begins.</summary>
    public void Hold(Id16 relay, Name owner, ActorRef<AgentSessionMessage> session) => _held[relay] = new HeldRelay(owner, session);

    /// <summary>The owner knows the relay from now on.</summary>
    public void Opened(Id16 relay)
    {
        if (_held.TryGetValue(relay, out var held))
        {
            held.IsOpen = true;
        }
    }

    public void Drop(Id16 relay) => _held.TryRemove(relay, out _);

    /// <summary>The session of a relay that is held here with this owner.</summary>
    public bool TryHeld(Name owner, Id16 relay, [NotNullWhen(true)] out ActorRef<AgentSessionMessage>? session)
    {
        session = _held.TryGetValue(relay, out var held) && held.Owner == owner ? held.Session : null;
        return session is not null;
    }

    /// <summary>The relays that each owner should know.</summary>
    public IReadOnlyDictionary<Name, List<Id16>> OpenByOwner()
    {
        var all = new Dictionary<Name, List<Id16>>();
        foreach (var (relay, held) in _held)
        {
            if (held.IsOpen)
            {
                ListAt(all, held.Owner).Add(relay);
            }
        }

        return all;
    }

    /// <summary>Enters a stand-in, before its session exists.</summary>
    /// <returns>A refusal; null where it is entered.</returns>
    public Refused? TryAdd(StandInLink link)
    {
        StandInLink? replaced = null;
        lock (_gate)
        {
            var count = _byHolder.GetValueOrDefault(link.Holder);
            if (count >= capacity)
            {
                return new Refused(Codes.Busy, "this node stands in for as many agents of that node as it may");
            }

            if (!_standIns.TryAdd((link.Holder, link.Relay), link))
            {
                return new Refused(RelayCodes.Malformed, "a relay of that id is there already");
            }

            var others = ListAt(_byAgent, (link.Holder, link.Customer, link.Agent));
            replaced = others.Count >= MaxPerAgent ? others.Find(static l => !l.IsLive) ?? others[0] : null;
            others.Add(link);
            _byHolder[link.Holder] = count + 1;
        }

        connected.Add(link.Customer, link.Agent);
        if (replaced is not null)
        {
            End(replaced, RelayCodes.Replaced);
        }

        return null;
    }

    public void Remove(StandInLink link)
    {
        lock (_gate)
        {
            if (!_standIns.Remove((link.Holder, link.Relay)))
            {
                return;
            }

            var ofAgent = (link.Holder, link.Customer, link.Agent);
            if (_byAgent.TryGetValue(ofAgent, out var others) && others.Remove(link) && others.Count == 0)
            {
                _byAgent.Remove(ofAgent);
            }

            if (--CollectionsMarshal.GetValueRefOrNullRef(_byHolder, link.Holder) == 0)
            {
                _byHolder.Remove(link.Holder);
            }
        }

        connected.Remove(link.Customer, link.Agent);
    }

    /// <summary>The stand-in of a relay with this holder.</summary>
    public StandInLink? StandIn(Name holder, Id16 relay)
    {
        lock (_gate)
        {
            return _standIns.GetValueOrDefault((holder, relay));
        }
    }

    /// <summary>Stand-ins whose holder has been silent for too long.</summary>
    public IReadOnlyList<StandInLink> Silent(TimeSpan limit)
    {
        lock (_gate)
        {
            return [.. _standIns.Values.Where(l => l.Silence > limit)];
        }
    }

    /// <summary>Stand-ins of one holder.</summary>
    public IReadOnlyList<StandInLink> Of(Name holder)
    {
        lock (_gate)
        {
            return _byHolder.ContainsKey(holder) ? [.. _standIns.Values.Where(l => l.Holder == holder)] : [];
        }
    }

    /// <summary>Ends a stand-in and tells its holder.</summary>
    public void End(StandInLink link, string code)
    {
        link.Release(code);
        Remove(link);
        link.Session?.Stop();
    }

    private static List<TValue> ListAt<TKey, TValue>(Dictionary<TKey, List<TValue>> all, TKey key)
        where TKey : notnull
    {
        if (!all.TryGetValue(key, out var list))
        {
            all[key] = list = [];
        }

        return list;
    }

    private sealed record HeldRelay(Name Owner, ActorRef<AgentSessionMessage> Session)
    {
        public bool IsOpen { get; set; }
    }
}
