namespace Broker.Protocol.Identifiers;

/// <summary>Order of the bytes, the first the most significant: the order of paths in a tree.</summary>
public sealed class DigestOrder : IComparer<Digest>
{
    private DigestOrder()
    {
    }

    /// <summary>The order.</summary>
    public static DigestOrder Instance { get; } = new();

    /// <inheritdoc/>
    public int Compare(Digest x, Digest y) => x.CompareTo(y);
}
