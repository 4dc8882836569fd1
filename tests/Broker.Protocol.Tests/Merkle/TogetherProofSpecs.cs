using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;
using Broker.Protocol.Tests.Support;

namespace Broker.Protocol.Tests.Merkle;

/// <summary>One proof of many keys, there or not: what a signer believes of it, and what it does with it.</summary>
public class TogetherProofSpecs
{
    [Fact]
    public void Proof_of_another_tree_should_not_be_added()
    {
        var tree = Trees.Of(new Seeded(1), 20);
        var proof = WholeTree.Prove(tree, [.. tree.Keys.Take(3)]);
        Assert.False(new PartialTree(Digest.Of([1])).TryAdd(proof));
        Assert.False(new PartialTree(Digest.Zero).TryAdd(proof));
        tree[tree.Keys.First()] = Digest.Of([2]);
        Assert.False(new PartialTree(ReferenceTree.RootOf(tree)).TryAdd(proof));
    }

    [Fact]
    public void Proof_with_any_byte_altered_left_out_or_added_should_prove_nothing_else()
    {
        var tree = Trees.Of(new Seeded(3), 12);
        var root = ReferenceTree.RootOf(tree);
        List<Digest> keys = [.. tree.Keys.Take(2), Trees.Absent(tree, new Seeded(4))];
        var proof = WholeTree.Prove(tree, keys);
        for (var at = 0; at < proof.Length; at++)
        {
            for (var change = 1; change < 4; change++)
            {
                byte[] altered = [.. proof[..at], (byte)(proof[at] ^ change), .. proof[(at + 1)..]];
                Holds(new PartialTree(root), altered);
            }

            Assert.False(new PartialTree(root).TryAdd(proof.AsSpan(0, at)));
            Holds(new PartialTree(root), [.. proof[..at], .. proof[(at + 1)..]]);
            Holds(new PartialTree(root), [.. proof[..at], 0, .. proof[at..]]);
        }

        Assert.False(new PartialTree(root).TryAdd([.. proof, 2]));

        // What is believed all the same is what stands in the tree.
        void Holds(PartialTree partial, byte[] altered)
        {
            partial.TryAdd(altered);
            foreach (var key in keys.Concat(tree.Keys))
            {
                Assert.True(!partial.TryFind(key, out var leaf) || leaf == ReferenceTree.LeafOf(tree, key));
            }
        }
    }

    [Fact]
    public void Key_that_the_proof_leaves_out_should_be_neither_there_nor_absent()
    {
        var tree = Trees.Of(new Seeded(5), 40);
        var partial = new PartialTree(ReferenceTree.RootOf(tree));
        var hidden = 0;
        Assert.True(partial.TryAdd(WholeTree.Prove(tree, [tree.Keys.First()])));
        foreach (var key in tree.Keys)
        {
            if (!partial.TryFind(key, out var leaf))
            {
                hidden++;
                Assert.Throws<KeyNotFoundException>(() => partial.Update(key, Digest.Of([1])));
                Assert.Throws<KeyNotFoundException>(() => partial.Update(key, Digest.Zero));
            }
            else
            {
                Assert.Equal(ReferenceTree.LeafOf(tree, key), leaf);
            }
        }

        Assert.InRange(hidden, 20, 39);
        Assert.Equal(ReferenceTree.RootOf(tree), partial.Root);
    }

    [Fact]
    public void Leaf_where_its_key_does_not_lead_should_be_refused()
    {
        var (a, b) = (Digest.Of([1]), Digest.Of([2]));
        var (left, right) = a.Bit(0) ? (b, a) : (a, b);
        Assert.NotEqual(left.Bit(0), right.Bit(0));
        var proof = new PartialTreeWriter();
        proof.Node();
        proof.Beside(TreeChild.Leaf(right, Digest.Of([3])));
        proof.Beside(TreeChild.Leaf(left, Digest.Of([4])));
        var root = TreeHash.Node(TreeHash.Leaf(right, Digest.Of([3])), TreeHash.Leaf(left, Digest.Of([4])));
        Assert.False(new PartialTree(root).TryAdd(proof.Written.Span));
    }

    [Fact]
    public void Node_where_less_than_two_leaves_are_should_be_refused()
    {
        var leaf = TreeChild.Leaf(Digest.Of([1]), Digest.Of([2]));
        var root = TreeHash.Node(leaf.Subtree.Hash, Digest.Zero);
        var proof = new PartialTreeWriter();
        proof.Node();
        proof.Beside(leaf.Key.Bit(0) ? TreeChild.Empty : leaf);
        proof.Beside(leaf.Key.Bit(0) ? leaf : TreeChild.Empty);
        Assert.False(new PartialTree(root).TryAdd(proof.Written.Span));
        Assert.False(new PartialTree(leaf.Subtree.Hash).TryAdd(proof.Written.Span));
    }

    [Fact]
    public void Node_without_end_should_be_refused()
    {
        var proof = new PartialTreeWriter();
        for (var i = 0; i < 100_000; i++)
        {
            proof.Node();
        }

        Assert.False(new PartialTree(Digest.Of([1])).TryAdd(proof.Written.Span));
    }

    [Fact]
    public void Proof_should_not_be_added_after_a_change()
    {
        var tree = Trees.Of(new Seeded(6), 10);
        var key = tree.Keys.First();
        var proof = WholeTree.Prove(tree, [key]);
        var partial = new PartialTree(ReferenceTree.RootOf(tree));
        Assert.True(partial.TryAdd(proof));
        partial.Update(key, Digest.Of([1]));
        Assert.Throws<InvalidOperationException>(() => partial.TryAdd(proof));
    }

    [Fact]
    public void Updates_should_give_the_root_of_the_whole_tree() => TreeProofSpecs.Check(25, seed =>
    {
        var random = new Seeded(seed);
        var tree = Trees.Of(random, random.Below(40));
        var partial = new PartialTree(ReferenceTree.RootOf(tree));
        var touched = tree.Keys.Where(_ => random.Below(2) == 0).Append(Trees.Absent(tree, random)).Append(Trees.Absent(tree, random))
            .Distinct().ToList();
        // In several proofs, of which one comes as the path of a single key.
        Assert.True(partial.TryAdd(touched[0], ReferenceTree.LeafOf(tree, touched[0]), ReferenceTree.ProofOf(tree, touched[0])));
        foreach (var keys in touched.Chunk(7))
        {
            Assert.True(partial.TryAdd(WholeTree.Prove(tree, keys)));
        }

        Assert.All(touched, key => Assert.True(partial.TryFind(key, out var leaf) && leaf == ReferenceTree.LeafOf(tree, key)));
        for (var round = 0; round < 12; round++)
        {
            var key = random.Of(touched);
            tree.Remove(key);
            if (random.Below(3) > 0)
            {
                tree.Add(key, random.NextDigest());
            }

            partial.Update(key, ReferenceTree.LeafOf(tree, key));
            if (random.Below(2) == 0)
            {
                Assert.Equal(ReferenceTree.RootOf(tree), partial.Root);
            }
        }

        Assert.Equal(ReferenceTree.RootOf(tree), partial.Root);
    });

    /// <summary>A whole tree in memory, as the zone has it.</summary>
    private sealed class WholeTree : OpenedTree
    {
        public static byte[] Prove(IReadOnlyDictionary<Digest, Digest> tree, IEnumerable<Digest> keys)
        {
            var whole = new WholeTree();
            foreach (var (key, value) in tree)
            {
                whole.Set(key, TreeChild.Leaf(key, value));
            }

            var proof = new PartialTreeWriter();
            whole.Prove(proof, [.. keys.Order(DigestOrder.Instance)]);
            return proof.Written.ToArray();
        }

        protected override void Open(TreePlace node, Digest key, int depth) => throw new InvalidOperationException();
    }
}
