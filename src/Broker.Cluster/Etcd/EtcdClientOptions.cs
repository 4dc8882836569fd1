namespace Broker.Cluster.Etcd;

/// <summary>How etcd is reached.</summary>
/// <param name="Endpoints">Client addresses of its members, <c>https://host:port</c>; at least one.</param>
internal sealed record EtcdClientOptions(IReadOnlyList<Uri> Endpoints)
{
    /// <summary>For a call to one endpoint, connecting included; the next one is tried after it.</summary>
    /// <value>Default 1.5 s: over etcd's own election timeout of 1 s, and short against a lease.</value>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromMilliseconds(1500);

    /// <summary>For connecting to one endpoint, handshake included; within an attempt's time.</summary>
    /// <value>Default 5 s: a connection that an attempt gave up may still serve the next one.</value>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest message that is read.</summary>
    /// <value>Default 4 MiB; etcd takes requests of 1.5 MiB and splits events above that.</value>
    public int MaxMessageBytes { get; init; } = 4 * 1024 * 1024;
}
