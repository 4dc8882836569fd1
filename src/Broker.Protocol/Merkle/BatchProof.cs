using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Merkle;

/// <summary>
/// The paths of many leaves in one: what they share is sent and hashed once. It proves presence only, and lets the signer put other
/// values in the place of those leaves; then nothing moves, so that of what stands beside the paths its hash is enough.
/// </summary>
/// <remarks>
/// The encoding lists the tree from the root in the order node, left, right: 3 for a node with a leaf of the batch below, 2 for such a
/// leaf, 1 and a hash for whatever stands beside, 0 for nothing. Which leaf stands where follows from the bits of the keys alone.
/// </remarks>
public sealed class BatchProof
{
    /// <summary>Nothing stands here.</summary>
    internal const byte Empty = 0;

    /// <summary>Something stands here that has no leaf of the batch below.</summary>
    internal const byte Beside = 1;

    /// <summary>A leaf of the batch.</summary>
    internal const byte Leaf = 2;

    /// <summary>A node with leaves of the batch below.</summary>
    internal const byte Node = 3;

    private const int None = -1;

    private readonly List<Place> _places;
    private readonly int[] _leaves;

    private BatchProof(List<Place> places, int[] leaves) => (_places, _leaves) = (places, leaves);

    /// <summary>The root that follows from the leaves as they were read, or when this was settled.</summary>
    public Digest Before => _places[0].Before;

    /// <summary>The root that follows from the leaves as they are now.</summary>
    public Digest Root => _places[0].Now;

    /// <summary>Reads a proof and follows it up to its root, which the caller compares.</summary>
    /// <param name="encoding">The proof.</param>
    /// <param name="leaves">Keys with the hashes of their leaves, in ascending order of the keys, none twice; at least one.</param>
    /// <exception cref="MalformedException">It is no proof of these leaves, or the leaves are not in order.</exception>
    public static BatchProof Read(ReadOnlySpan<byte> encoding, IReadOnlyList<(Digest Key, Digest Leaf)> leaves)
    {
        if (leaves.Count == 0)
        {
            throw new MalformedException("a proof of no leaf");
        }

        for (var i = 1; i < leaves.Count; i++)
        {
            if (DigestOrder.Instance.Compare(leaves[i - 1].Key, leaves[i].Key) >= 0)
            {
                throw new MalformedException("the leaves of a proof are not in order");
            }
        }

        var proof = new BatchProof(new List<Place>(4 * leaves.Count), new int[leaves.Count]);
        proof.Read(ref encoding, leaves, 0, leaves.Count, 0);
        return encoding.IsEmpty ? proof : throw new MalformedException("proof goes on behind its end");
    }

    /// <summary>Whether a leaf was replaced when this followed another batch; then it is another's, and not to be set.</summary>
    /// <param name="index">Its index among the leaves.</param>
    public bool IsOvertaken(int index) => _places[_leaves[index]] is var place && place.Before != place.Now;

    /// <summary>
    /// Moves this proof on to the tree after the batch of another proof of the same tree. Neither may have changed leaves of its own yet
    /// but those that <paramref name="batch"/> replaced.
    /// </summary>
    /// <exception cref="ArgumentException">The two are of different trees.</exception>
    public void Follow(BatchProof batch)
    {
        if (batch.Before != Before)
        {
            throw new ArgumentException("the proofs are of different trees", nameof(batch));
        }

        Follow(0, batch, 0);
    }

    /// <summary>
    /// Takes the tree as it is here now for the one that was read: whoever read that one follows what is replaced from now on.
    /// </summary>
    public void Settle()
    {
        for (var at = 0; at < _places.Count; at++)
        {
            _places[at] = _places[at] with { Before = _places[at].Now };
        }
    }

    /// <summary>Replaces leaves, in the order in which they were read; where there is none, it stays.</summary>
    /// <param name="leaves">For each leaf its next hash, or zero to keep it.</param>
    public void Replace(IReadOnlyList<Digest> leaves)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(leaves.Count, _leaves.Length);
        for (var i = 0; i < leaves.Count; i++)
        {
            if (leaves[i] != Digest.Zero)
            {
                var place = _places[_leaves[i]];
                _places[_leaves[i]] = place with { Now = leaves[i] };
            }
        }

        // Below comes behind.
        for (var at = _places.Count - 1; at >= 0; at--)
        {
            Join(at);
        }
    }

    private void Join(int at)
    {
        var place = _places[at];
        if (place.Right != None)
        {
            var (left, right) = (_places[at + 1], _places[place.Right]);
            if (left.Now != left.Before || right.Now != right.Before)
            {
                _places[at] = place with { Now = TreeHash.Node(left.Now, right.Now) };
            }
        }
    }

    private void Follow(int at, BatchProof batch, int theirs)
    {
        var (mine, other) = (_places[at], batch._places[theirs]);
        if (other.Before == other.Now)
        {
            return;
        }

        if (mine.Right != None && other.Right != None)
        {
            Follow(at + 1, batch, theirs + 1);
            Follow(mine.Right, batch, other.Right);
            Join(at);
        }
        else if (mine.Right == None)
        {
            _places[at] = mine with { Now = other.Now };
        }
    }

    private Digest Read(
        ref ReadOnlySpan<byte> bytes, IReadOnlyList<(Digest Key, Digest Leaf)> leaves, int start, int end, int depth)
    {
        if (bytes.IsEmpty)
        {
            throw new MalformedException("proof is cut off");
        }

        var (token, at) = (bytes[0], _places.Count);
        bytes = bytes[1..];
        switch (token)
        {
            case Empty when start == end:
                return Add(Digest.Zero);
            case Beside when start == end && bytes.Length >= Digest.Length:
                var beside = new Digest(bytes[..Digest.Length]);
                bytes = bytes[Digest.Length..];
                return Add(beside);
            case Leaf when end - start == 1:
                _leaves[start] = at;
                return Add(leaves[start].Leaf);
            case Node when end > start && depth < TreeHash.Depth:
                Add(Digest.Zero);
                var split = start;
                while (split < end && !leaves[split].Key.Bit(depth))
                {
                    split++;
                }

                var left = Read(ref bytes, leaves, start, split, depth + 1);
                var place = _places.Count;
                var hash = TreeHash.Node(left, Read(ref bytes, leaves, split, end, depth + 1));
                _places[at] = new Place(hash, hash, place);
                return hash;
            default:
                throw new MalformedException("proof is not of these leaves");
        }
    }

    private Digest Add(Digest hash)
    {
        _places.Add(new Place(hash, hash, None));
        return hash;
    }

    // Of a node, its left side is the next place.
    private readonly record struct Place(Digest Before, Digest Now, int Right);
}
