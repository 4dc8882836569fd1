using System.Collections.Concurrent;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Agents;

/// <summary>Which agents hold a link to this node; for listings, nothing is decided by it.</summary>
internal sealed class ConnectedAgents
{
    private readonly ConcurrentDictionary<(Name Customer, Name Agent), int> _links = new();

    /// <summary>Links of all agents.</summary>
    public int Count => _links.Count;

    public void Add(Name customer, Name agent) => _links.AddOrUpdate((customer, agent), 1, static (_, n) => n + 1);

    public void Remove(Name customer, Name agent)
    {
        if (_links.AddOrUpdate((customer, agent), 0, static (_, n) => n - 1) <= 0)
        {
            _links.TryRemove(new KeyValuePair<(Name, Name), int>((customer, agent), 0));
        }
    }

    public bool Contains(Name customer, Name agent) => _links.ContainsKey((customer, agent));
}
