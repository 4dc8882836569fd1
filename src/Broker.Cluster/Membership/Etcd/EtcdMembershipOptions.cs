using Broker.Protocol.Identifiers;

namespace Broker.Cluster.Etcd;

/// <summary>How membership by etcd behaves.</summary>
/// <param name="Cluster">The installation's id, which is in all keys.</param>
/// <param name="Ttl">How long a node that fell silent still counts, as it is asked of etcd; what is granted counts.</param>
internal sealed record EtcdMembershipOptions(Name Cluster, TimeSpan Ttl)
{
    /// <summary>Keys that a list asks for at a time; fewer where they do not fit a message.</summary>
    public int PageSize { get; init; } = 256;

    /// <summary>Between two failures, from the first on and doubled; never above a third of the time to live.</summary>
    public TimeSpan RetryFrom { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Between two looks at etcd's alarms: they stand until an operator takes them back.</summary>
    public TimeSpan AlarmsEvery { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// What is taken off a time to live before it counts as over here, for clocks that run apart and for work that is to stop before
    /// others begin it: a tenth, at least half a second.
    /// </summary>
    public static TimeSpan MarginOf(TimeSpan ttl) => ttl / 10 > TimeSpan.FromSeconds(0.5) ? ttl / 10 : TimeSpan.FromSeconds(0.5);
}
