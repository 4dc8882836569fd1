namespace Broker.Cluster;

/// <summary>How membership by etcd goes, for operators.</summary>
/// <param name="IsJoined">This node's key stands in etcd under its lease, as of the last list.</param>
/// <param name="IsReplaced">Another start of this node has taken its place; this one waits until that is gone.</param>
/// <param name="Skipped">Keys among the members' that hold none: somebody else writes there.</param>
/// <param name="FoundByList">Changes that a list brought and the watch had not: a few are a race, many are a watch that loses
/// events.</param>
/// <param name="Restarts">Watches that ended and were begun again.</param>
/// <param name="Failure">Why etcd cannot be used at the moment; null while it can.</param>
/// <param name="Alarms">Alarms that etcd raised, a text each that says what to do, as of the last look: <c>NOSPACE</c>,
/// <c>CORRUPT</c>.</param>
public sealed record EtcdMembershipStatus(
    bool IsJoined, bool IsReplaced, int Skipped, long FoundByList, long Restarts, string? Failure, IReadOnlyList<string> Alarms);
