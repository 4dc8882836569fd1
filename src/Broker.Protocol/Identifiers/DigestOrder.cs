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
    public int Compare(Digest x, Digest y)
    {
        Span<byte> a = stackalloc byte[Digest.Length];
        Span<byte> b = stackalloc byte[Digest.Length];
        x.CopyTo(a);
        y.CopyTo(b);
        return a.SequenceCompareTo(b);
    }
}
