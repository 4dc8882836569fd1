namespace Broker.Protocol.Api;

/// <summary>The cluster as one node sees it: GET /v1/cluster/status.</summary>
/// <param name="Node">The node that was asked.</param>
/// <param name="IsCurrent">Whether it can vouch for who takes part now; while it cannot, nothing is moved.</param>
/// <param name="View">Number of its view; each node counts its own.</param>
/// <param name="Holders">Nodes that are to hold each customer.</param>
/// <param name="Members">Its peers and itself, by name.</param>
/// <param name="Customers">A page of the customers, by name; at most 256.</param>
/// <param name="Next">Where the next page begins: its <c>after</c>; null on the last one.</param>
/// <param name="Etcd">How etcd does; null where it is not what nodes find each other by.</param>
public sealed record ClusterStatusModel(
    string Node, bool IsCurrent, ulong View, int Holders, IReadOnlyList<ClusterMemberModel> Members,
    IReadOnlyList<ClusterCustomerModel> Customers, string? Next, ClusterEtcdModel? Etcd = null);

/// <summary>etcd, as the node that was asked sees it.</summary>
/// <param name="Failure">Why it cannot be used at the moment; null while it can.</param>
/// <param name="Alarms">The alarms that it has raised, as of the last half minute: what is wrong, at which of its members, and what to
/// do.</param>
public sealed record ClusterEtcdModel(string? Failure, IReadOnlyList<string> Alarms);

/// <summary>A node of the DMZ.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Address">Base address of its peer listener as this node knows it.</param>
/// <param name="Incarnation">Fingerprint of the start that takes part, in hexadecimal; null where none does.</param>
/// <param name="Answers">Whether it answered this question; null version and no sessions where it did not.</param>
/// <param name="Version">Version of its software.</param>
/// <param name="Sessions">Agents connected to it.</param>
public sealed record ClusterMemberModel(
    string Node, string Address, string? Incarnation, bool Answers, string? Version, uint Sessions);

/// <summary>Where a customer is.</summary>
/// <param name="Customer">Its name.</param>
/// <param name="State">
/// <c>owned</c>: its owner has it unlocked; <c>waiting</c>: somebody holds it, and nobody owns it at the moment; <c>locked</c>: nobody who
/// answers holds it, or a lock stands, and those who hold custody unlock it.
/// </param>
/// <param name="Owner">The node that claimed it last, by the zone's word.</param>
/// <param name="Fence">The number of that claim.</param>
/// <param name="Holders">Nodes that say that they hold it, its owner among them.</param>
/// <param name="LockStands">Whether an administrator's lock stands.</param>
public sealed record ClusterCustomerModel(
    string Customer, string State, string Owner, ulong Fence, IReadOnlyList<string> Holders, bool LockStands);
