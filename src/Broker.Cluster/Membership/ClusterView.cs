using System.Collections.Immutable;
using Broker.Protocol.Identifiers;

namespace Broker.Cluster;

/// <summary>Who takes part, as this node saw it at one moment. Immutable; who watches may miss views and never sees one go back.</summary>
/// <param name="Version">Rises by at least one from view to view of one node; says nothing about those of others.</param>
/// <param name="Members">One start of each node at most, this node's own among them while it has joined, by name.</param>
/// <param name="IsCurrent">
/// Whether this node can vouch for it now. While it cannot, nobody is added or taken away, and work that goes on needs no view.
/// </param>
public sealed record ClusterView(ulong Version, ImmutableArray<Member> Members, bool IsCurrent)
{
    /// <summary>Before anything was seen.</summary>
    public static ClusterView Empty { get; } = new(0, [], IsCurrent: false);

    /// <summary>The start of a node that takes part, or null.</summary>
    public Member? Find(Name node) => Members.FirstOrDefault(m => m.Node == node);
}
