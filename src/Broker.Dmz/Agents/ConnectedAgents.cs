using System.Collections.Concurrent;
using Broker.Links.Versions;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Agents;

/// <summary>Which agents hold a link to this node; for listings, nothing is decided by it.</summary>
internal sealed class ConnectedAgents
{
    private readonly ConcurrentDictionary<(Name Customer, Name Agent), int> _links = new();
    private readonly ConcurrentDictionary<uint, int> _versions = new();

    /// <summary>Links of all agents.</summary>
    public int Count => _links.Count;

    /// <summary>The lowest version of the link that one of them speaks; 0 where there is none.</summary>
    public uint LowestVersion => _versions.Where(static v => v.Value > 0).Select(static v => v.Key).DefaultIfEmpty().Min();

    public void Add(Name customer, Name agent, uint version = LinkVersion.Current)
    {
        _links.AddOrUpdate((customer, agent), 1, static (_, n) => n + 1);
        // Versions that are served are three at most, so these are never taken out.
        _versions.AddOrUpdate(version, 1, static (_, n) => n + 1);
    }

    public void Remove(Name customer, Name agent, uint version = LinkVersion.Current)
    {
        _versions.AddOrUpdate(version, 0, static (_, n) => n - 1);
        if (_links.AddOrUpdate((customer, agent), 0, static (_, n) => n - 1) <= 0)
        {
            _links.TryRemove(new KeyValuePair<(Name, Name), int>((customer, agent), 0));
        }
    }

    public bool Contains(Name customer, Name agent) => _links.ContainsKey((customer, agent));
}
