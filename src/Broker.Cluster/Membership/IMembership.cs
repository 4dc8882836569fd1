namespace Broker.Cluster;

/// <summary>
/// Who is alive. It says where to look first and nothing more: who owns a customer is the zone's fence, who may hold a secret is decided at
/// the key. Thread-safe.
/// </summary>
public interface IMembership : IAsyncDisposable
{
    /// <summary>The newest view.</summary>
    ClusterView View { get; }

    /// <summary>Takes part from now on, and again by itself after it was cut off.</summary>
    /// <param name="self">This start of this node.</param>
    /// <param name="cancellationToken">Gives up waiting; the node still joins as soon as it can.</param>
    Task JoinAsync(Member self, CancellationToken cancellationToken);

    /// <summary>Takes part no longer. Others see it at once if they can be told, else when its time is over.</summary>
    Task LeaveAsync(CancellationToken cancellationToken);

    /// <summary>Tells of each view that follows, in order, the present one first; one that is overtaken may be left out.</summary>
    /// <param name="changed">Returns quickly and does not throw; called by one thread at a time.</param>
    /// <returns>Ends the telling when it is disposed.</returns>
    IDisposable Watch(Action<ClusterView> changed);
}
