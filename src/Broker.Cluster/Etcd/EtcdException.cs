namespace Broker.Cluster.Etcd;

/// <summary>What a failure of etcd means for the caller.</summary>
internal enum EtcdFailure
{
    /// <summary>No endpoint was reached in time, or the one that was has no leader: ask again later.</summary>
    Unavailable,

    /// <summary>The key or lease does not exist, or no longer.</summary>
    NotFound,

    /// <summary>The revision is compacted or yet to come: list again.</summary>
    OutOfRange,

    /// <summary>The certificate or user has no right to it.</summary>
    Denied,

    /// <summary>etcd's space or its queue is full.</summary>
    Full,

    /// <summary>The answer is larger than it may be.</summary>
    TooLarge,

    /// <summary>What came back is no answer of etcd.</summary>
    Malformed,

    /// <summary>etcd does not do it; asking again changes nothing.</summary>
    Refused,
}

/// <summary>A call to etcd that failed.</summary>
/// <param name="failure">What it means.</param>
/// <param name="mayHaveHappened">Whether it may have had its effect: then read before doing it again (E7).</param>
/// <param name="message">What happened, lower case, printable.</param>
/// <param name="inner">The cause, for logs.</param>
internal sealed class EtcdException(EtcdFailure failure, bool mayHaveHappened, string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>What it means.</summary>
    public EtcdFailure Failure => failure;

    /// <summary>Whether the call may have had its effect.</summary>
    public bool MayHaveHappened => mayHaveHappened;

    /// <summary>Whether another endpoint may do better.</summary>
    public bool IsWorthAnotherEndpoint => failure is EtcdFailure.Unavailable or EtcdFailure.Malformed;
}
