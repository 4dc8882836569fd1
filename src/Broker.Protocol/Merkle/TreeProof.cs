using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Merkle;

/// <summary>
/// The path of one key: at which depths something stands beside it, and what. From the root down, each hash is made of a leaf or of
/// two hashes and of nothing else, so one root leads a key to its leaf, or to another's leaf or to nothing, which is its absence.
/// </summary>
/// <param name="Present">Bit d (most significant first) is set where something stands beside the path at depth d + 1.</param>
/// <param name="Siblings">What stands there, the deepest first.</param>
public sealed record TreeProof(Digest Present, IReadOnlyList<TreeChild> Siblings)
{
    /// <summary>The proof in an empty tree, or of its only leaf.</summary>
    public static TreeProof Alone { get; } = new(Digest.Zero, []);

    /// <summary>Whether the proof leads from a leaf to a root; false as well where it is no proof for that key.</summary>
    /// <param name="root">The root.</param>
    /// <param name="key">The key.</param>
    /// <param name="leaf">Its leaf, or zero to prove absence.</param>
    public bool LeadsTo(Digest root, Digest key, Digest leaf)
    {
        try
        {
            return Root(key, leaf) == root;
        }
        catch (MalformedException)
        {
            return false;
        }
    }

    /// <summary>The root that follows from a leaf.</summary>
    /// <param name="key">The key.</param>
    /// <param name="leaf">Its leaf, or zero to prove absence.</param>
    /// <exception cref="MalformedException">
    /// The number of siblings is not that of the set bits, or a leaf among them does not belong beside the path.
    /// </exception>
    public Digest Root(Digest key, Digest leaf)
    {
        if (Present.BitsFrom(0) != Siblings.Count)
        {
            throw new MalformedException("proof has another number of siblings than its map says");
        }

        var subtree = Subtree.OfLeaf(leaf);
        var next = 0;
        for (var depth = Present.LastBit(); depth >= 0; depth--)
        {
            var sibling = Subtree.Empty;
            if (Present.Bit(depth))
            {
                sibling = Siblings[next].IsBeside(key, depth)
                    ? Siblings[next++].Subtree
                    : throw new MalformedException("a leaf of the proof does not belong beside the path");
            }

            subtree = Subtree.Join(key.Bit(depth), subtree, sibling);
        }

        return subtree.Hash;
    }

    /// <summary>What stands beside the path at depth + 1.</summary>
    internal TreeChild Beside(int depth) => Present.Bit(depth) ? Siblings[Present.BitsFrom(depth + 1)] : TreeChild.Empty;

    /// <summary>Encodes the proof for a link: the 32-byte map, then the siblings, each with its tag.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Digest.Length + Siblings.Sum(static s => s.EncodedLength)];
        Present.CopyTo(bytes);
        var rest = bytes.AsSpan(Digest.Length);
        foreach (var sibling in Siblings)
        {
            rest = sibling.Write(rest);
        }

        return bytes;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="MalformedException">It is no proof, or the map has another number of bits set than there are siblings.</exception>
    public static TreeProof Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Digest.Length)
        {
            throw new MalformedException("proof has no map");
        }

        var present = new Digest(bytes[..Digest.Length]);
        var siblings = new TreeChild[present.BitsFrom(0)];
        var rest = bytes[Digest.Length..];
        for (var i = 0; i < siblings.Length; i++)
        {
            siblings[i] = TreeChild.Read(ref rest);
        }

        return rest.IsEmpty
            ? new TreeProof(present, siblings)
            : throw new MalformedException("proof has more siblings than its map says");
    }
}
