using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;
using Broker.Protocol.Tests.Support;

namespace Broker.Protocol.Tests.Merkle;

public class PartialTreeSpecs
{
    [Fact]
    public void Prefix_should_keep_the_first_bits()
    {
        var ones = new Digest(Enumerable.Repeat((byte)0xFF, 32).ToArray());
        for (var bits = 0; bits <= 256; bits++)
        {
            var prefix = TreePath.Prefix(ones, bits);
            for (var bit = 0; bit < 256; bit++)
            {
                Assert.Equal(bit < bits, prefix.Bit(bit));
            }
        }
    }

    [Fact]
    public void Flip_should_turn_one_bit()
    {
        for (var index = 0; index < 256; index++)
        {
            var flipped = TreePath.Flip(Digest.Zero, index);
            Assert.Equal([index], Enumerable.Range(0, 256).Where(flipped.Bit));
            Assert.Equal(Digest.Zero, TreePath.Flip(flipped, index));
        }
    }

    [Fact]
    public void First_key_should_enter_an_empty_tree()
    {
        var (key, value) = (Digest.Of([1]), Digest.Of([2]));
        var partial = new PartialTree(Digest.Zero);
        Assert.True(partial.TryAdd(key, Digest.Zero, TreeProof.Alone));
        partial.Update(key, TreeHash.Leaf(key, value));
        Assert.Equal(ReferenceTree.RootOf(new Dictionary<Digest, Digest> { [key] = value }), partial.Root);
        partial.Update(key, Digest.Zero);
        Assert.Equal(Digest.Zero, partial.Root);
    }

    [Fact]
    public void Updates_should_give_the_root_of_the_whole_tree() => TreeProofSpecs.Check(25, seed =>
    {
        var random = new Seeded(seed);
        var tree = Trees.Of(random, random.Below(12));
        var partial = new PartialTree(ReferenceTree.RootOf(tree));
        var touched = Touched(tree, random);
        foreach (var key in touched)
        {
            Assert.True(partial.TryAdd(key, ReferenceTree.LeafOf(tree, key), ReferenceTree.ProofOf(tree, key)));
        }

        for (var round = 0; round < 8; round++)
        {
            var key = random.Of(touched);
            tree.Remove(key);
            if (random.Below(3) > 0)
            {
                tree.Add(key, random.NextDigest());
            }

            partial.Update(key, ReferenceTree.LeafOf(tree, key));
            Assert.Equal(ReferenceTree.RootOf(tree), partial.Root);
        }
    });

    [Fact]
    public void Updates_should_give_the_root_of_a_tree_of_300_keys()
    {
        var random = new Seeded(1);
        var tree = Trees.Of(random, 300);
        var partial = new PartialTree(ReferenceTree.RootOf(tree));
        var touched = tree.Keys.Where((_, i) => i % 30 == 0).Append(Trees.Absent(tree, random)).ToList();
        Assert.All(touched, key => Assert.True(partial.TryAdd(key, ReferenceTree.LeafOf(tree, key), ReferenceTree.ProofOf(tree, key))));
        foreach (var key in touched)
        {
            tree[key] = random.NextDigest();
            partial.Update(key, ReferenceTree.LeafOf(tree, key));
        }

        Assert.Equal(ReferenceTree.RootOf(tree), partial.Root);
    }

    [Fact]
    public void Proof_that_does_not_lead_to_the_root_should_not_be_added()
    {
        var tree = Trees.Of(new Seeded(2), 10);
        var key = tree.Keys.First();
        var leaf = ReferenceTree.LeafOf(tree, key);
        var proof = ReferenceTree.ProofOf(tree, key);
        var partial = new PartialTree(ReferenceTree.RootOf(tree));
        Assert.False(partial.TryAdd(key, Digest.Zero, proof));
        Assert.False(partial.TryAdd(TreePath.Flip(key, 255), TreeHash.Leaf(TreePath.Flip(key, 255), tree[key]), proof));
        Assert.False(new PartialTree(Digest.Of([1])).TryAdd(key, leaf, proof));
        Assert.Throws<KeyNotFoundException>(() => partial.Update(key, leaf));
        Assert.True(partial.TryAdd(key, leaf, proof));
    }

    [Fact]
    public void Proof_with_another_number_of_siblings_should_not_be_added()
    {
        var tree = Trees.Of(new Seeded(2), 10);
        var key = tree.Keys.First();
        var leaf = ReferenceTree.LeafOf(tree, key);
        var proof = ReferenceTree.ProofOf(tree, key);
        var partial = new PartialTree(ReferenceTree.RootOf(tree));
        Assert.False(partial.TryAdd(key, leaf, proof with { Siblings = [.. proof.Siblings.Skip(1)] }));
        Assert.False(partial.TryAdd(key, leaf, proof with { Siblings = [.. proof.Siblings, TreeChild.Node(leaf)] }));
    }

    private static List<Digest> Touched(Dictionary<Digest, Digest> tree, Seeded random)
    {
        var touched = tree.Keys.Where(_ => random.Below(2) == 0).ToHashSet();
        for (var n = 1 + random.Below(3); n > 0; n--)
        {
            touched.Add(Trees.Absent(tree, random));
        }

        return [.. touched];
    }
}
