using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Merkle;

/// <summary>The path of one key: which siblings are not empty, and those, from the leaf upwards.</summary>
/// <param name="Present">Bit d (most significant first) is set where the sibling at depth d + 1 is not empty.</param>
/// <param name="Siblings">The siblings that are not empty, the deepest first.</param>
public sealed record TreeProof(Digest Present, IReadOnlyList<Digest> Siblings)
{
    /// <summary>The root that follows from a leaf.</summary>
    /// <param name="key">The key.</param>
    /// <param name="leaf">Its leaf, or zero to prove absence.</param>
    /// <exception cref="MalformedException">The number of siblings is not that of the set bits.</exception>
    public Digest Root(Digest key, Digest leaf)
    {
        var node = Fold(key, leaf, 0, out var used);
        return used == Siblings.Count ? node : throw new MalformedException("proof has too many siblings");
    }

    /// <summary>The hash at <paramref name="top"/> on the path of a key that follows from its leaf.</summary>
    /// <exception cref="MalformedException">There are less siblings than set bits.</exception>
    internal Digest Fold(Digest key, Digest leaf, int top) => Fold(key, leaf, top, out _);

    /// <summary>The sibling at depth + 1, zero where it is empty.</summary>
    internal Digest Sibling(int depth) => Present.Bit(depth) ? Siblings[Present.BitsFrom(depth + 1)] : Digest.Zero;

    private Digest Fold(Digest key, Digest leaf, int top, out int next)
    {
        var node = leaf;
        next = 0;
        for (var depth = TreeHash.Depth - 1; depth >= top; depth--)
        {
            var sibling = Digest.Zero;
            if (Present.Bit(depth))
            {
                sibling = next < Siblings.Count ? Siblings[next++] : throw new MalformedException("proof has too few siblings");
            }

            node = TreeHash.Parent(key.Bit(depth), node, sibling);
        }

        return node;
    }

    /// <summary>Encodes the proof for a link: the 32-byte map, then the siblings.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[Digest.Length * (1 + Siblings.Count)];
        Present.CopyTo(bytes);
        for (var i = 0; i < Siblings.Count; i++)
        {
            Siblings[i].CopyTo(bytes.AsSpan(Digest.Length * (i + 1)));
        }

        return bytes;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="MalformedException">The length is not that of a proof, or the map has another number of bits set.</exception>
    public static TreeProof Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length is 0 or > Digest.Length * (1 + TreeHash.Depth) || bytes.Length % Digest.Length != 0)
        {
            throw new MalformedException("proof has no valid length");
        }

        var siblings = new List<Digest>(bytes.Length / Digest.Length);
        for (var rest = bytes[Digest.Length..]; !rest.IsEmpty; rest = rest[Digest.Length..])
        {
            siblings.Add(new Digest(rest[..Digest.Length]));
        }

        var proof = new TreeProof(new Digest(bytes[..Digest.Length]), siblings);
        return proof.Present.BitsFrom(0) == siblings.Count
            ? proof
            : throw new MalformedException("proof has another number of siblings than its map says");
    }
}
