using Broker.CredentialZone.Tests.Support;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;
using FsCheck;
using FsCheck.Fluent;

namespace Broker.CredentialZone.Tests.Tree;

public sealed class SparseTreeSpecs
{
    [Fact]
    public void Tree_should_equal_its_definition_after_any_changes()
    {
        // Few keys that share long prefixes, so that splits, replacements and collapses all happen.
        var changes = ArbMap.Default.ArbFor<List<(byte Key, byte Value)>>();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(60), Prop.ForAll(changes, list =>
        {
            var (nodes, values) = (new MemoryNodes(), new Dictionary<Digest, Digest>());
            foreach (var (k, v) in list)
            {
                var key = Key((byte)(k % 24));
                var value = v % 3 == 0 ? Digest.Zero : Digest.Of([v]);
                var tree = new SparseTree(nodes);
                tree.Update(key, value);
                tree.Flush();
                values[key] = value;
                if (value == Digest.Zero)
                {
                    values.Remove(key);
                }
            }

            var read = new SparseTree(nodes);
            var root = NaiveTree.Root(values);
            return read.Root == root && Enumerable.Range(0, 24).All(k => ProofIsRight(read, values, root, Key((byte)k))) &&
                nodes.Count == StoredNodes(values);
        }));
    }

    [Fact]
    public void Changes_of_one_batch_should_equal_changes_one_by_one()
    {
        var (batch, single) = (new MemoryNodes(), new MemoryNodes());
        var together = new SparseTree(batch);
        for (var i = 0; i < 200; i++)
        {
            var key = Digest.Of([(byte)(i % 120), 1]);
            var value = i % 5 == 4 ? Digest.Zero : Digest.Of([(byte)i]);
            together.Update(key, value);
            var one = new SparseTree(single);
            one.Update(key, value);
            one.Flush();
        }

        together.Flush();
        Assert.Equal(new SparseTree(single).Root, new SparseTree(batch).Root);
        Assert.Equal(single.Count, batch.Count);
    }

    [Fact]
    public void Leaves_set_at_once_should_equal_leaves_set_one_by_one()
    {
        var changes = ArbMap.Default.ArbFor<List<List<(byte Key, byte Value)>>>();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(60), Prop.ForAll(changes, batches =>
        {
            var (batch, single) = (new MemoryNodes(), new MemoryNodes());
            var (kept, one) = (new SparseTree(batch), new SparseTree(single));
            foreach (var list in batches)
            {
                var leaves = list.DistinctBy(static c => c.Key % 24)
                    .Select(static c => (Key((byte)(c.Key % 24)), c.Value % 3 == 0 ? Digest.Zero : Digest.Of([c.Value]))).ToList();
                leaves.ForEach(l => one.Update(l.Item1, l.Item2));
                one.Flush();
                kept.Update(leaves);
                kept.Flush();
                if (kept.Root != one.Root || new SparseTree(batch).Root != one.Root || batch.Count != single.Count)
                {
                    return false;
                }
            }

            return new SparseTree(batch).CountVerified() == new SparseTree(single).CountVerified();
        }));
    }

    [Fact]
    public void Tree_whose_deep_groups_are_not_kept_should_be_the_same()
    {
        var changes = ArbMap.Default.ArbFor<List<List<(byte Key, byte Value)>>>();
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(60), Prop.ForAll(changes, batches =>
        {
            var (nodes, others) = (new MemoryNodes(), new MemoryNodes());
            var (closing, kept) = (new SparseTree(nodes), new SparseTree(others));
            foreach (var list in batches)
            {
                var leaves = list.DistinctBy(static c => c.Key % 24)
                    .Select(static c => (Key((byte)(c.Key % 24)), c.Value % 3 == 0 ? Digest.Zero : Digest.Of([c.Value]))).ToList();
                closing.Update(leaves);
                closing.Flush(keep: false);
                kept.Update(leaves);
                kept.Flush();
                if (closing.Root != kept.Root || nodes.Count != others.Count || closing.Opened < 0 || closing.Opened > kept.Opened)
                {
                    return false;
                }
            }

            return Enumerable.Range(0, 24).All(k => closing.Value(Key((byte)k)) == kept.Value(Key((byte)k)));
        }));
    }

    [Fact]
    public void Groups_that_are_not_kept_should_be_read_again()
    {
        var nodes = new MemoryNodes();
        var tree = new SparseTree(nodes);
        // Two that part at the last bit, below 63 groups that begin at four levels each.
        tree.Update([(Key(0), Digest.Of([1])), (Digest.Zero, Digest.Of([2]))]);
        tree.Flush();
        Assert.Equal(256, tree.Opened);
        tree.Update(Key(0), Digest.Of([3]));
        tree.Flush(keep: false);
        Assert.Equal(12, tree.Opened);

        var reads = nodes.Reads;
        Assert.Equal(Digest.Of([3]), tree.Value(Key(0)));
        Assert.Equal((61, 256), (nodes.Reads - reads, tree.Opened));
    }

    [Fact]
    public void Removing_every_leaf_should_leave_no_node()
    {
        var nodes = new MemoryNodes();
        var tree = new SparseTree(nodes);
        var keys = Enumerable.Range(0, 50).Select(i => Digest.Of([(byte)i])).ToList();
        keys.ForEach(key => tree.Update(key, key));
        tree.Flush();
        keys.ForEach(key => tree.Update(key, Digest.Zero));
        tree.Flush();
        Assert.Equal((0, Digest.Zero), (nodes.Count, tree.Root));
    }

    [Fact]
    public void Proof_should_read_few_nodes_of_many()
    {
        var nodes = new MemoryNodes();
        var tree = new SparseTree(nodes);
        for (var i = 0; i < 1000; i++)
        {
            var key = Digest.Of(BitConverter.GetBytes(i));
            tree.Update(key, key);
        }

        tree.Flush();
        var before = nodes.Reads;
        new SparseTree(nodes).Prove(Digest.Of(BitConverter.GetBytes(7)));
        Assert.InRange(nodes.Reads - before, 1, 5);
        Assert.InRange(nodes.Count, 500, 3000);
    }

    [Fact]
    public void Node_should_survive_its_bytes()
    {
        TreeChild[] children = [TreeChild.Empty, TreeChild.Leaf(Digest.Of([1]), Digest.Of([2])), TreeChild.Node(Digest.Of([3]))];
        foreach (var child in children)
        {
            var node = TreeNode.Nothing.With(true, child);
            Assert.Equal(node, TreeNode.Parse(node.ToBytes()));
            node = node.With(false, TreeChild.Node(Digest.Of([4])));
            Assert.Equal(node, TreeNode.Parse(node.ToBytes()));
        }
    }

    // The root, and every place below it with two leaves or more.
    private static int StoredNodes(Dictionary<Digest, Digest> values) => values.Count == 0 ? 0 : 1 + Enumerable.Range(1, 255).Sum(
        depth => values.Keys.GroupBy(key => TreePath.Prefix(key, depth)).Count(place => place.Count() > 1));

    private static Digest Key(byte k)
    {
        // Prefixes of equal bytes make neighbours fork deep; some keys differ only in the last bit.
        var bytes = new byte[Digest.Length];
        Array.Fill(bytes, (byte)(k / 8));
        bytes[k % 4 == 0 ? 31 : k % 8] ^= (byte)(1 << (k % 8));
        return new Digest(bytes);
    }

    private static bool ProofIsRight(SparseTree tree, Dictionary<Digest, Digest> values, Digest root, Digest key)
    {
        var (value, proof) = tree.Prove(key);
        var expected = NaiveTree.Proof(values, key);
        var leaf = value == Digest.Zero ? Digest.Zero : TreeHash.Leaf(key, value);
        return value == values.GetValueOrDefault(key) && proof.LeadsTo(root, key, leaf) && proof.Present == expected.Present &&
            proof.Siblings.SequenceEqual(expected.Siblings);
    }
}
