using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Support;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tests.Tree;

public sealed class BatchProofSpecs
{
    public static TheoryData<int> Sizes => [1, 2, 3, 7, 40, 300];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Leaves_should_be_proven_under_the_root(int size)
    {
        var (nodes, root) = Tree(size);
        foreach (var some in (int[])[1, 2, 5])
        {
            Assert.Equal(root, Root(new SparseTree(nodes), Leaves(size, some)));
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Leaves_should_be_proven_in_a_tree_that_was_changed_and_is_kept(int size)
    {
        var (nodes, _) = Tree(size);
        var tree = new SparseTree(nodes);
        var leaves = Leaves(size, 3);
        _ = tree.Prove(leaves);
        var next = leaves.ConvertAll(static l => (l.Key, Value: Digest.Of([7, .. l.Value.ToArray()])));
        next.ForEach(l => tree.Update(l.Key, l.Value));
        Assert.Equal(tree.Root, Root(tree, next));
        tree.Flush();
        Assert.Equal(tree.Root, Root(tree, next));
        Assert.Equal(tree.Root, Root(new SparseTree(nodes), next));
        Assert.Equal(tree.Prove(next).ToArray(), new SparseTree(nodes).Prove(next).ToArray());
        Assert.Equal((ulong)size, new SparseTree(nodes).CountVerified());
    }

    [Fact]
    public void A_leaf_that_does_not_stand_there_should_be_told()
    {
        var (nodes, _) = Tree(40);
        var leaves = Leaves(40, 3);
        List<(Digest Key, Digest Value)> more = [.. leaves, (Key(40), Digest.Of([1]))];
        more.Sort(static (a, b) => DigestOrder.Instance.Compare(a.Key, b.Key));
        List<(Digest Key, Digest Value)> other = [.. leaves];
        other[4] = other[4] with { Value = Digest.Of([9]) };
        foreach (var wrong in (List<(Digest, Digest)>[])[more, other])
        {
            Assert.Equal(
                RefusalCode.EntryAltered, Assert.Throws<AlteredException>(() => new SparseTree(nodes).Prove(wrong)).Code);
        }

        Assert.Equal(
            RefusalCode.EntryAltered, Assert.Throws<AlteredException>(() => new SparseTree(new MemoryNodes()).Prove(leaves)).Code);
    }

    [Fact]
    public void A_node_that_was_altered_should_be_told()
    {
        // Where a record begins, so that its hash stands in another one.
        var (nodes, _) = Tree(300);
        var key = Leaves(300, 1)[0].Key;
        var position = TreePosition.On(key, 4);
        nodes.Write(position, nodes.Read(position)!.With(key.Bit(4), TreeChild.Leaf(key, Digest.Of([9]))));
        var tree = new SparseTree(nodes);
        Assert.Equal(RefusalCode.TreeAltered, Assert.Throws<AlteredException>(() => tree.Prove(Leaves(300, 1))).Code);
    }

    private static Digest Root(SparseTree tree, List<(Digest Key, Digest Value)> leaves) => BatchProof.Read(
        tree.Prove(leaves).Span, leaves.ConvertAll(static l => (l.Key, TreeHash.Leaf(l.Key, l.Value)))).Root;

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
