using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tree;

/// <summary>
/// The sparse Merkle tree of one customer over its stored nodes. A single leaf is one record in its parent, so reading or changing a
/// leaf among n touches about log2 n nodes. Each is read once, and changes gather in memory until <see cref="Flush"/>.
/// </summary>
internal sealed class SparseTree : OpenedTree
{
    private static readonly bool[] BothSides = [false, true];

    // What is above is a few thousand nodes at most, and every change passes there.
    private const int KeptLevels = 3 * NodeGroup.Levels;

    private readonly List<TreePosition> _gone = [];
    private ITreeNodes _nodes;

    /// <summary>Reads the root.</summary>
    public SparseTree(ITreeNodes nodes)
    {
        _nodes = nodes;
        if (nodes.ReadGroup(TreePosition.Root) is var (top, count))
        {
            (Top, Opened) = (top, count);
        }
    }

    /// <summary>Reads and writes through other nodes from now on; they are of the same tree.</summary>
    public void Through(ITreeNodes nodes) => _nodes = nodes;

    /// <summary>Sets the value of a key; zero removes it.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">SHA-256 of its entry's encoding.</param>
    public void Update(Digest key, Digest value) => Set(key, TreeChild.Leaf(key, value));

    /// <summary>Sets the values of many keys, each node on their paths once.</summary>
    /// <param name="leaves">Keys and values, in any order, no key twice; zero removes one.</param>
    public void Update(IReadOnlyList<(Digest Key, Digest Value)> leaves)
    {
        for (var i = 1; i < leaves.Count; i++)
        {
            if (DigestOrder.Instance.Compare(leaves[i - 1].Key, leaves[i].Key) > 0)
            {
                // A rotation's are in order.
                leaves = [.. leaves.OrderBy(static l => l.Key, DigestOrder.Instance)];
                break;
            }
        }

        Set(leaves);
    }

    /// <summary>The value of a key, or zero, and the proof of it or of its absence.</summary>
    public (Digest Value, TreeProof Proof) Prove(Digest key)
    {
        var siblings = new List<TreeChild>();
        var present = new byte[Digest.Length];
        var leaf = Follow(key, (depth, beside) =>
        {
            if (beside.Kind != SubtreeKind.Empty)
            {
                siblings.Add(beside);
                present[depth >> 3] |= (byte)(0x80 >> (depth & 7));
            }
        });
        siblings.Reverse();
        return (leaf.Value, new TreeProof(new Digest(present), siblings));
    }

    /// <summary>The value of a key, or zero.</summary>
    public Digest Value(Digest key) => Find(key).Value;

    /// <summary>Proves keys together, whether they are there or not.</summary>
    /// <param name="keys">In any order.</param>
    /// <returns>What a <see cref="PartialTree"/> reads.</returns>
    public ReadOnlyMemory<byte> Prove(IEnumerable<Digest> keys)
    {
        var proof = new PartialTreeWriter();
        var sorted = keys.Distinct().ToList();
        sorted.Sort(DigestOrder.Instance);
        Prove(proof, sorted);
        return proof.Written;
    }

    /// <summary>Proves leaves together, each by its value: what is sent of the rest are hashes.</summary>
    /// <param name="leaves">Keys and values, in ascending order of the keys, none twice; at least one.</param>
    /// <returns>The encoding of a <see cref="BatchProof"/>.</returns>
    /// <exception cref="AlteredException">One does not stand there with its value.</exception>
    public ReadOnlyMemory<byte> Prove(IReadOnlyList<(Digest Key, Digest Value)> leaves)
    {
        var proof = new BatchProofWriter();
        return TryProve(proof, leaves)
            ? proof.Written
            : throw new AlteredException(RefusalCode.EntryAltered, "a row and its leaf do not agree");
    }

    /// <summary>Walks the whole tree.</summary>
    /// <returns>How many leaves it has.</returns>
    /// <exception cref="AlteredException">A hash is not that of what is below it, or a leaf stands where its key does not lead.</exception>
    public ulong CountVerified()
    {
        var leaves = 0ul;
        var open = new Stack<(TreeNode Node, TreePosition Position)>();
        if (_nodes.Read(TreePosition.Root) is { } root)
        {
            open.Push((root, TreePosition.Root));
        }

        while (open.TryPop(out var at))
        {
            foreach (var right in BothSides)
            {
                var (child, below) = (at.Node.Side(right), at.Position.Below(right));
                if (child.Kind == SubtreeKind.Node)
                {
                    open.Push((ReadChild(below, child.Subtree.Hash), below));
                }
                else if (child.Kind == SubtreeKind.Leaf)
                {
                    leaves++;
                    if (TreePosition.On(child.Key, below.Depth) != below)
                    {
                        throw new AlteredException(RefusalCode.TreeAltered, "a leaf of the customer's tree is not where its key leads");
                    }
                }
            }
        }

        return leaves;
    }

    /// <summary>Writes the groups that changed.</summary>
    /// <param name="keep">Whether they are kept in memory too; those above which most groups stand always are.</param>
    public void Flush(bool keep = true)
    {
        foreach (var position in _gone)
        {
            _nodes.WriteGroup(position, TreePlace.Empty);
        }

        _gone.Clear();
        if (Top.IsChanged)
        {
            Span<byte> path = stackalloc byte[Digest.Length];
            path.Clear();
            Store(Top, path, 0, keep);
        }
        else
        {
            // The root is stored even when less than two leaves are below it.
            _nodes.WriteGroup(TreePosition.Root, Top);
        }
    }

    /// <inheritdoc/>
    protected override void Open(TreePlace node, Digest key, int depth)
    {
        // Of a group that begins above it is known what is below.
        if (_nodes.ReadGroup(TreePosition.On(key, depth)) is not var (top, count) || top.Hash != node.Hash)
        {
            throw Altered();
        }

        node.Open(top.Left!, top.Right!);
        Opened += count;
    }

    /// <inheritdoc/>
    protected override void Gone(Digest key, int depth)
    {
        if (depth > 0 && GroupRecord.BeginsAt(depth))
        {
            _gone.Add(TreePosition.On(key, depth));
        }
    }

    // The two change together; a difference means that somebody else wrote here.
    private TreeNode ReadChild(TreePosition position, Digest expected) =>
        _nodes.Read(position) is { } node && node.Hash == expected
        ? node
        : throw Altered();

    private static AlteredException Altered() =>
        new(RefusalCode.TreeAltered, "a node of the customer's tree is missing, or another than its parent says");

    private void Store(TreePlace node, Span<byte> path, int depth, bool keep)
    {
        if (GroupRecord.BeginsAt(depth))
        {
            _nodes.WriteGroup(new TreePosition(depth, new Digest(path)), node);
        }

        node.Keep();
        if (node.Left!.IsChanged)
        {
            Store(node.Left, path, depth + 1, keep);
        }

        if (node.Right!.IsChanged)
        {
            var bit = (byte)(0x80 >> (depth & 7));
            path[depth >> 3] |= bit;
            Store(node.Right, path, depth + 1, keep);
            path[depth >> 3] ^= bit;
        }

        if (!keep && depth >= KeptLevels && GroupRecord.BeginsAt(depth))
        {
            Opened -= CountOpened(node);
            node.Close();
        }
    }

    private static int CountOpened(TreePlace at) => at.Left is null ? 0 : 1 + CountOpened(at.Left) + CountOpened(at.Right!);
}
