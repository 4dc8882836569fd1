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
        var node = leaf;
        var next = 0;
        for (var depth = TreeHash.Depth - 1; depth >= 0; depth--)
        {
            var sibling = Digest.Zero;
            if (Present.Bit(depth))
            {
                sibling = next < Siblings.Count ? Siblings[next++] : throw new MalformedException("proof has too few siblings");
            }

            node = TreeHash.Parent(key.Bit(depth), node, sibling);
        }

        return next == Siblings.Count ? node : throw new MalformedException("proof has too many siblings");
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

        var siblings = new List<Digest>();
        for (var rest = bytes[Digest.Length..]; !rest.IsEmpty; rest = rest[Digest.Length..])
        {
            siblings.Add(new Digest(rest[..Digest.Length]));
        }

        var proof = new TreeProof(new Digest(bytes[..Digest.Length]), siblings);
        return Enumerable.Range(0, TreeHash.Depth).Count(proof.Present.Bit) == siblings.Count
            ? proof
            : throw new MalformedException("proof has another number of siblings than its map says");
    }
}
