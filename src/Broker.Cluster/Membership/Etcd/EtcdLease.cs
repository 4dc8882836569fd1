namespace Broker.Cluster.Etcd;

/// <summary>A lease that this node holds, as far as it knows: no later than this it is over, whatever etcd thinks of it (E1, E3).</summary>
/// <param name="Id">etcd's number of it.</param>
/// <param name="Ttl">Time to live that was granted.</param>
/// <param name="Until">Timestamp at which it ends here: from the sending of the last good keep-alive, less the margin.</param>
internal sealed record EtcdLease(long Id, TimeSpan Ttl, long Until)
{
    public static EtcdLease Granted(long id, long seconds, long sent, TimeProvider time) =>
        new(id, TimeSpan.FromSeconds(Math.Min(seconds, 3600)), UntilOf(TimeSpan.FromSeconds(Math.Min(seconds, 3600)), sent, time));

    public static long UntilOf(TimeSpan ttl, long sent, TimeProvider time)
    {
        var life = ttl - EtcdMembershipOptions.MarginOf(ttl);
        return sent + (long)(life.TotalSeconds * time.TimestampFrequency);
    }
}
