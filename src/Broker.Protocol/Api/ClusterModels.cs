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
    IReadOnlyList<ClusterCustomerModel> Customers, string? Next, ClusterEtcdModel? Etcd = null)
{
    /// <summary>
    /// The lowest version of the link that anybody speaks who answered: nodes of both zones, and agents. While it is not that of every
    /// node, an upgrade is under way, and the next one has to wait.
    /// </summary>
    public uint LowestVersion { get; init; }

    /// <summary>The nodes of the credential zone, by address.</summary>
    public IReadOnlyList<ClusterZoneModel> Zone
    {
        get;
        // The serializer gives null for what a broker of the version before does not say.
        init => field = value ?? [];
    } = [];
}

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
    string Node, string Address, string? Incarnation, bool Answers, string? Version, uint Sessions)
{
    /// <summary>
    /// The version of the link that it speaks; 0 where it never said. Two away from the node that was asked, it answers nothing.
    /// </summary>
    public uint LinkVersion { get; init; }

    /// <summary>The lowest version of the link that an agent connected to it speaks; 0 where there is none.</summary>
    public uint LowestAgent { get; init; }
}

/// <summary>A node of the credential zone.</summary>
/// <param name="Address">Its base address as the node that was asked knows it; empty where it knows none.</param>
/// <param name="Answers">Whether it answered this question; else all but its version of the link is missing.</param>
public sealed record ClusterZoneModel(string Address, bool Answers)
{
    /// <summary>Its name.</summary>
    public string? Node { get; init; }

    /// <summary>Version of its software.</summary>
    public string? Version { get; init; }

    /// <summary>The version of the link that it speaks; 0 where it never said.</summary>
    public uint LinkVersion { get; init; }

    /// <summary>Its database; null where it did not tell, as one of an earlier version does not.</summary>
    public ClusterStoreModel? Store { get; init; }
}

/// <summary>The database beneath a node of the credential zone.</summary>
/// <param name="Kind">sqlite, postgresql or sqlserver.</param>
/// <param name="Schema">Version of the tables.</param>
/// <param name="Answers">Whether it answered just now; else nothing else is known of it.</param>
public sealed record ClusterStoreModel(string Kind, uint Schema, bool Answers)
{
    /// <summary>Standbys that are connected; null where that cannot be known.</summary>
    public uint? Standbys { get; init; }

    /// <summary>Bytes of its log that the standby furthest behind has not flushed; null where the zone's role may not see it.</summary>
    public ulong? LagBytes { get; init; }

    /// <summary>How long ago they were written, in milliseconds, as the server measured it last.</summary>
    public ulong? LagMilliseconds { get; init; }
}

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
    string Customer, string State, string Owner, ulong Fence, IReadOnlyList<string> Holders, bool LockStands)
{
    /// <summary>
    /// <c>proven</c>: a node that holds it has its head, and whatever the zone shows is held against that; <c>unproven</c>: an unlock found
    /// no witness, and those who hold custody have to accept the head; <c>unknown</c>: nobody holds it, the next unlock looks.
    /// </summary>
    public string Freshness
    {
        get;
        init => field = value ?? "unknown";
    } = "unknown";

    /// <summary>When a node's witness file last took a head of it; null where none of those that answer ever did.</summary>
    public DateTimeOffset? Witnessed { get; init; }

    /// <summary>Code of the unlock that failed last, on a node that answers; null where none did, or one succeeded since.</summary>
    public string? Failure { get; init; }
}
