namespace Broker.Actors;

/// <summary>
/// The phases of a node, in their order: first nothing new comes in, then what is in hand ends, then the node leaves, then its actors end.
/// </summary>
public static class ShutdownPhases
{
    /// <summary>For what must happen while calls are still taken.</summary>
    public const string BeforeServiceUnbind = "before-service-unbind";

    /// <summary>Listeners close: no new calls.</summary>
    public const string ServiceUnbind = "service-unbind";

    /// <summary>Calls in hand end.</summary>
    public const string ServiceRequestsDone = "service-requests-done";

    /// <summary>Connections close.</summary>
    public const string ServiceStop = "service-stop";

    /// <summary>For what must happen while the node is still a member.</summary>
    public const string BeforeClusterShutdown = "before-cluster-shutdown";

    /// <summary>What the node owns is handed over.</summary>
    public const string ShardingShutdownRegion = "sharding-shutdown-region";

    /// <summary>The node says that it leaves.</summary>
    public const string ClusterLeave = "cluster-leave";

    /// <summary>The others are taking over.</summary>
    public const string ClusterExiting = "cluster-exiting";

    /// <summary>The others have taken over.</summary>
    public const string ClusterExitingDone = "cluster-exiting-done";

    /// <summary>The membership ends.</summary>
    public const string ClusterShutdown = "cluster-shutdown";

    /// <summary>For what needs actors to the last.</summary>
    public const string BeforeActorSystemTerminate = "before-actor-system-terminate";

    /// <summary>The actors end, children before parents.</summary>
    public const string ActorSystemTerminate = "actor-system-terminate";

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(10);

    /// <summary>All of them, each after the one before. 5 s for each; 10 s for handing over, exiting and the end of the actors.</summary>
    public static IReadOnlyList<ShutdownPhase> Default { get; } =
    [
        new(BeforeServiceUnbind),
        new(ServiceUnbind) { After = [BeforeServiceUnbind] },
        new(ServiceRequestsDone) { After = [ServiceUnbind] },
        new(ServiceStop) { After = [ServiceRequestsDone] },
        new(BeforeClusterShutdown) { After = [ServiceStop] },
        new(ShardingShutdownRegion) { After = [BeforeClusterShutdown], Timeout = Long },
        new(ClusterLeave) { After = [ShardingShutdownRegion] },
        new(ClusterExiting) { After = [ClusterLeave], Timeout = Long },
        new(ClusterExitingDone) { After = [ClusterExiting] },
        new(ClusterShutdown) { After = [ClusterExitingDone] },
        new(BeforeActorSystemTerminate) { After = [ClusterShutdown] },
        new(ActorSystemTerminate) { After = [BeforeActorSystemTerminate], Timeout = Long },
    ];
}
