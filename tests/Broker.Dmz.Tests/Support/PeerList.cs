using System.Collections;
using System.Collections.Immutable;
using Broker.Links.Peers;

namespace Broker.Dmz.Tests.Support;

/// <summary>Peers of a node, which a test adds while the node's actors read them.</summary>
internal sealed class PeerList : IReadOnlyList<PeerCaller>
{
    private ImmutableList<PeerCaller> _peers = [];

    public int Count => _peers.Count;

    public PeerCaller this[int index] => _peers[index];

    public void Add(PeerCaller peer) => ImmutableInterlocked.Update(ref _peers, static (all, p) => all.Add(p), peer);

    public void Remove(PeerCaller peer) => ImmutableInterlocked.Update(ref _peers, static (all, p) => all.Remove(p), peer);

    public IEnumerator<PeerCaller> GetEnumerator() => _peers.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
