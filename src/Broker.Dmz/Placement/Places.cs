using Broker.Cluster;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Placement;

/// <summary>Where customers belong, by a view of who takes part.</summary>
internal static class Places
{
    /// <summary>The members that are to hold a customer, its owner first.</summary>
    public static IReadOnlyList<Name> Holders(Name customer, ClusterView view, int holders) =>
        [.. Rendezvous.Order(customer, view.Members).Take(holders).Select(static m => m.Node)];

    /// <summary>Whether a node is to hold a customer. One that does not take part holds nothing more than it does.</summary>
    public static bool ShouldHold(Name customer, Name node, ClusterView view, int holders) =>
        Holders(customer, view, holders).Contains(node);

    /// <summary>Who claims before a node when an owner is gone, in order.</summary>
    /// <param name="customer">The customer.</param>
    /// <param name="node">The node.</param>
    /// <param name="gone">The owner that is gone.</param>
    /// <param name="members">Whoever takes part or did so until now, the node itself among them.</param>
    public static IReadOnlyList<Name> Before(Name customer, Name node, Name gone, IEnumerable<Member> members) =>
        [.. Rendezvous.Order(customer, members.Where(m => m.Node != gone)).Select(static m => m.Node).TakeWhile(n => n != node)];
}
