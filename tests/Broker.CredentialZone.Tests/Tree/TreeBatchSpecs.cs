using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Support;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tests.Tree;

public sealed class TreeBatchSpecs
{
    public static TheoryData<int> Sizes => [1, 2, 3, 7, 40, 300];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Batch_should_be_proven_under_the_root(int size)
    {
        var (nodes, root) = Tree(size);
        foreach (var some in (int[])[1, 2, 5])
        {
            var leaves = Leaves(size, some);
            var proof = BatchProof.Read(
                new TreeBatch(nodes, leaves).Prove(root).Span, leaves.ConvertAll(static l => (l.Key, TreeHash.Leaf(l.Key, l.Value))));
            Assert.Equal(root, proof.Root);
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Replacing_a_batch_should_equal_updates_one_by_one(int size)
    {
        var (nodes, root) = Tree(size);
        var (single, _) = Tree(size);
        var next = Leaves(size, 2).ConvertAll(static l => (l.Key, Value: Digest.Of([7, .. l.Value.ToArray()])));
        var batch = new TreeBatch(nodes, next);
        Assert.True(batch.TryReplace(root));
        Assert.Equal(root, new SparseTree(nodes).Root);
        batch.Flush();
        var tree = new SparseTree(single);
        next.ForEach(l => tree.Update(l.Key, l.Value));
        tree.Flush();

        Assert.Equal(tree.Root, batch.Next);
        Assert.Equal(batch.Next, new SparseTree(nodes).Root);
        Assert.Equal((ulong)size, new SparseTree(nodes).CountVerified());
        Assert.Equal(single.Count, nodes.Count);
    }

    [Fact]
    public void A_leaf_that_is_new_or_goes_should_be_left_to_the_tree()
    {
        var (nodes, root) = Tree(40);
        var leaves = Leaves(40, 3);
        Assert.False(new TreeBatch(nodes, [.. leaves[..^1], (leaves[^1].Key, Digest.Zero)]).TryReplace(root));
        var key = Key(40);
        List<(Digest Key, Digest Value)> more = [.. leaves, (key, Digest.Of([1]))];
        more.Sort(static (a, b) => DigestOrder.Instance.Compare(a.Key, b.Key));
        Assert.False(new TreeBatch(nodes, more).TryReplace(root));
    }

    [Fact]
    public void A_row_that_is_not_the_one_of_its_leaf_should_be_told()
    {
        var (nodes, root) = Tree(40);
        var leaves = Leaves(40, 3);
        leaves[4] = leaves[4] with { Value = Digest.Of([9]) };
        Assert.Equal(
            RefusalCode.EntryAltered, Assert.Throws<AlteredException>(() => new TreeBatch(nodes, leaves).Prove(root)).Code);
    }

    [Fact]
    public void A_node_that_was_altered_should_be_told()
    {
        var (nodes, root) = Tree(40);
        var key = Leaves(40, 1)[0].Key;
        var position = TreePosition.On(key, 1);
        nodes.Write(position, nodes.Read(position)!.With(key.Bit(1), TreeChild.Leaf(key, Digest.Of([9]))));
        var batch = new TreeBatch(nodes, Leaves(40, 1));
        Assert.Equal(RefusalCode.TreeAltered, Assert.Throws<AlteredException>(() => batch.Prove(root)).Code);
        Assert.Equal(RefusalCode.TreeAltered, Assert.Throws<AlteredException>(() => batch.TryReplace(root)).Code);
        Assert.Equal(RefusalCode.TreeAltered, Assert.Throws<AlteredException>(() => batch.Prove(Digest.Of([1]))).Code);
    }

    private static Digest Key(int number) => Digest.Of([(byte)(number & 0xFF), (byte)(number >> 8), 3]);

    private static (MemoryNodes Nodes, Digest Root) Tree(int size)
    {
        var nodes = new MemoryNodes();
        var tree = new SparseTree(nodes);
        for (var i = 0; i < size; i++)
        {
            tree.Update(Key(i), Digest.Of([(byte)(i & 0xFF)]));
        }

        tree.Flush();
        return (nodes, tree.Root);
    }

    // Each so many of the tree's leaves.
    private static List<(Digest Key, Digest Value)> Leaves(int size, int each)
    {
        var leaves = Enumerable.Range(0, size).Where(i => i % each == 0)
            .Select(static i => (Key: Key(i), Value: Digest.Of([(byte)(i & 0xFF)]))).ToList();
        leaves.Sort(static (a, b) => DigestOrder.Instance.Compare(a.Key, b.Key));
        return leaves;
    }
}
