using Broker.Cluster.Etcd;
using Broker.Links.Identity;
using Broker.Protocol.Identifiers;
using Microsoft.Extensions.Logging;

namespace Broker.Cluster;

/// <summary>Makes the membership that the settings name.</summary>
public static class Membership
{
    /// <summary>Makes it. Nothing has joined yet; the caller disposes it.</summary>
    /// <param name="settings">Which, and how.</param>
    /// <param name="cluster">The installation's id: <see cref="LinkTrust.Cluster"/>.</param>
    /// <param name="peers">The nodes of <c>broker.dmz.peers.nodes</c>. Static membership counts only these; etcd's needs none.</param>
    /// <param name="time">Measures leases and waits.</param>
    /// <param name="loggers">For what an operator should know.</param>
    /// <returns>A <see cref="StaticMembership"/>, which is told of the peers that were seen to live, or an
    /// <see cref="EtcdMembership"/>.</returns>
    /// <exception cref="InstallationKeyException">A certificate or key for etcd cannot be used.</exception>
    public static IMembership Create(
        ClusterSettings settings, Name cluster, IReadOnlyDictionary<Name, Uri> peers, TimeProvider time, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.Etcd is not { } etcd)
            return new StaticMembership(peers, time);
        var tls = EtcdTls.Load(etcd.Authority, etcd.Certificate, etcd.Key);
        var client = new EtcdClient(new EtcdClientOptions(etcd.Endpoints), tls, time);
        return new EtcdMembership(new EtcdMembershipOptions(cluster, etcd.Ttl), client, time, loggers.CreateLogger<EtcdMembership>());
    }
}
