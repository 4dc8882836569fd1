using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;
using Broker.Protocol.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace Broker.Protocol.Tests.Merkle;

public class TreeProofSpecs
{
    [Fact]
    public void Hashes_should_be_those_of_the_definition()
    {
        var (a, b) = (Digest.Of([1]), Digest.Of([2]));
        Assert.Equal(new Digest(ReferenceTree.Leaf(a.ToArray(), b.ToArray())), TreeHash.Leaf(a, b));
        Assert.Equal(Digest.Of([1, .. a.ToArray(), .. b.ToArray()]), TreeHash.Node(a, b));
        Assert.NotEqual(TreeHash.Leaf(a, b), TreeHash.Node(a, b));
    }

    [Fact]
    public void Lone_leaf_should_stand_for_itself_and_anything_else_for_a_node()
    {
        var (empty, leaf, node) = (Subtree.Empty, Subtree.OfLeaf(Digest.Of([1])), new Subtree(SubtreeKind.Node, Digest.Of([2])));
        Assert.Equal(empty, Subtree.Join(empty, empty));
        Assert.Equal(leaf, Subtree.Join(leaf, empty));
        Assert.Equal(leaf, Subtree.Join(empty, leaf));
        (Subtree, Subtree)[] nodes = [(leaf, leaf), (leaf, node), (node, leaf), (node, node), (node, empty), (empty, node)];
        foreach (var (left, right) in nodes)
        {
            Assert.Equal(new Subtree(SubtreeKind.Node, TreeHash.Node(left.Hash, right.Hash)), Subtree.Join(left, right));
        }

        Assert.Equal(empty, Subtree.OfLeaf(Digest.Zero));
        Assert.Equal(TreeChild.Empty, TreeChild.Leaf(Digest.Of([1]), Digest.Zero));
    }

    [Fact]
    public void Empty_tree_should_prove_the_absence_of_everything()
    {
        var proof = TreeProof.Alone;
        Assert.Equal(Digest.Zero, proof.Root(Digest.Of([1]), Digest.Zero));
        Assert.NotEqual(Digest.Zero, proof.Root(Digest.Of([1]), TreeHash.Leaf(Digest.Of([1]), Digest.Of([2]))));
    }

    [Fact]
    public void Proof_should_lead_to_the_reference_root_in_a_tree_of_300_keys()
    {
        var random = new Seeded(300);
        var tree = Trees.Of(random, 300);
        var root = ReferenceTree.RootOf(tree);
        foreach (var key in tree.Keys.Where((_, i) => i % 30 == 0))
        {
            Assert.Equal(root, ReferenceTree.ProofOf(tree, key).Root(key, ReferenceTree.LeafOf(tree, key)));
        }
    }

    [Fact]
    public void Proof_should_show_presence_and_absence_and_nothing_else() => Check(20, seed =>
    {
        var random = new Seeded(seed);
        var tree = Trees.Of(random, random.Below(12));
        var root = ReferenceTree.RootOf(tree);
        foreach (var key in tree.Keys)
        {
            var proof = ReferenceTree.ProofOf(tree, key);
            Assert.Equal(root, proof.Root(key, ReferenceTree.LeafOf(tree, key)));
            Assert.True(proof.LeadsTo(root, key, ReferenceTree.LeafOf(tree, key)));
            Assert.NotEqual(root, proof.Root(key, Digest.Zero));
            Assert.NotEqual(root, proof.Root(key, random.NextDigest()));

            // The path of a neighbour may be the same, but its leaf names another key.
            var other = TreePath.Flip(key, random.Below(256));
            Assert.NotEqual(root, RootOrNull(proof, other, TreeHash.Leaf(other, tree[key])));
            Assert.NotEqual(root, RootOrNull(proof, other, Digest.Zero));
        }

        var absent = Trees.Absent(tree, random);
        var absence = ReferenceTree.ProofOf(tree, absent);
        Assert.Equal(root, absence.Root(absent, Digest.Zero));
        Assert.NotEqual(root, absence.Root(absent, TreeHash.Leaf(absent, Digest.Of([1]))));
    });

    [Fact]
    public void Forged_proof_should_not_lead_to_the_root() => Check(20, seed =>
    {
        var random = new Seeded(seed);
        var tree = Trees.Of(random, 2 + random.Below(10));
        var root = ReferenceTree.RootOf(tree);
        var key = random.Of([.. tree.Keys]);
        var leaf = ReferenceTree.LeafOf(tree, key);
        var proof = ReferenceTree.ProofOf(tree, key);
        var bytes = proof.ToBytes();
        for (var round = 0; round < 100; round++)
        {
            var forged = bytes.ToArray();
            var bit = random.Below(bytes.Length * 8);
            forged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(root, RootOrNull(forged, key, leaf));
        }

        for (var i = 0; i < proof.Siblings.Count; i++)
        {
            TreeChild[] others = [.. proof.Siblings.Take(i), .. proof.Siblings.Skip(i + 1)];
            Assert.Throws<MalformedException>(() => (proof with { Siblings = others }).Root(key, leaf));
        }

        TreeChild[] more = [.. proof.Siblings, TreeChild.Node(random.NextDigest())];
        Assert.Throws<MalformedException>(() => (proof with { Siblings = more }).Root(key, leaf));
    });

    // A lone leaf proves that the key beside it is absent; moved to another depth, it would prove that of keys that are present.
    [Fact]
    public void Leaf_that_does_not_belong_beside_the_path_should_be_refused() => Check(20, seed =>
    {
        var random = new Seeded(seed);
        var tree = Trees.Of(random, 1 + random.Below(10));
        var absent = Trees.Absent(tree, random);
        var root = ReferenceTree.RootOf(tree);
        var proof = ReferenceTree.ProofOf(tree, absent);
        if (proof.Siblings is not [{ Kind: SubtreeKind.Leaf } deepest, ..] || proof.Present.LastBit() is var fork && fork < 0)
        {
            return;
        }

        foreach (var depth in Enumerable.Range(0, 256).Where(d => d != fork && !proof.Present.Bit(d)))
        {
            var moved = new TreeProof(TreePath.Flip(TreePath.Flip(proof.Present, fork), depth), proof.Siblings);
            Assert.False(moved.LeadsTo(root, absent, Digest.Zero));
            Assert.NotEqual(root, RootOrNull(moved, absent, Digest.Zero));
        }

        TreeChild[] others = [TreeChild.Leaf(random.NextDigest(), deepest.Value), .. proof.Siblings.Skip(1)];
        Assert.NotEqual(root, RootOrNull(proof with { Siblings = others }, absent, Digest.Zero));
    });

    // A store that passes a node for a leaf would have it lifted when what is beside it goes, and keys below it would be lost.
    [Fact]
    public void Node_should_not_pass_for_a_leaf_nor_a_leaf_for_a_node()
    {
        var (a, b, c) = (Key(0b0000_0000), Key(0b1000_0000), Key(0b1100_0000));
        var tree = new Dictionary<Digest, Digest> { [a] = Digest.Of([1]), [b] = Digest.Of([2]), [c] = Digest.Of([3]) };
        var proof = ReferenceTree.ProofOf(tree, a);
        var node = Assert.Single(proof.Siblings);
        Assert.Equal(SubtreeKind.Node, node.Kind);
        byte[] asLeaf = [.. proof.Present.ToArray(), 0, .. node.Subtree.Hash.ToArray(), .. new byte[32]];
        Assert.Throws<MalformedException>(() => TreeProof.Parse(asLeaf));
        asLeaf[^1] = 1;
        Assert.NotEqual(ReferenceTree.RootOf(tree), RootOrNull(asLeaf, a, ReferenceTree.LeafOf(tree, a)));

        var ofB = ReferenceTree.ProofOf(tree, b);
        Assert.Equal(SubtreeKind.Leaf, ofB.Siblings[0].Kind);
        var lying = ofB with { Siblings = [TreeChild.Node(ofB.Siblings[0].Subtree.Hash), ofB.Siblings[1]] };
        var partial = new PartialTree(ReferenceTree.RootOf(tree));
        Assert.True(partial.TryAdd(b, ReferenceTree.LeafOf(tree, b), lying));
        partial.Update(b, Digest.Zero);
        tree.Remove(b);
        Assert.NotEqual(ReferenceTree.RootOf(tree), partial.Root);

        // What the lie gives is a tree of another shape, in which every key is still found and none is lost.
        var shape = new Subtree(SubtreeKind.Node, TreeHash.Node(Digest.Zero, ReferenceTree.LeafOf(tree, c)));
        Assert.Equal(TreeHash.Node(ReferenceTree.LeafOf(tree, a), shape.Hash), partial.Root);
        var absence = new TreeProof(proof.Present, [TreeChild.Leaf(a, tree[a])]);
        Assert.NotEqual(partial.Root, RootOrNull(absence, c, Digest.Zero));
    }

    [Fact]
    public void Proof_should_read_back() => Check(20, seed =>
    {
        var random = new Seeded(seed);
        var tree = Trees.Of(random, 1 + random.Below(10));
        var proof = ReferenceTree.ProofOf(tree, random.Of([.. tree.Keys]));
        var read = TreeProof.Parse(proof.ToBytes());
        Assert.Equal(proof.Present, read.Present);
        Assert.Equal(proof.Siblings, read.Siblings);
    });

    [Fact]
    public void Proof_bytes_should_have_as_many_siblings_as_their_map_says()
    {
        foreach (var length in (int[])[0, 1, 31, 33, 64, 65, 97, 32 * 258])
        {
            Assert.Throws<MalformedException>(() => TreeProof.Parse(new byte[length]));
        }

        byte[] map = [0x80, .. new byte[31]];
        byte[] leaf = [0, .. Digest.Of([1]).ToArray(), .. Digest.Of([2]).ToArray()];
        byte[] node = [1, .. Digest.Of([1]).ToArray()];
        foreach (var siblings in (byte[][])[[], [0], [1], [2, .. node[1..]], leaf[..64], node[..32], [.. leaf, 0], [.. node, .. node],
            [1, .. new byte[32]], [0, .. leaf[1..33], .. new byte[32]]])
        {
            Assert.Throws<MalformedException>(() => TreeProof.Parse([.. map, .. siblings]));
        }

        Assert.Single(TreeProof.Parse([.. map, .. leaf]).Siblings);
        Assert.Single(TreeProof.Parse([.. map, .. node]).Siblings);
        byte[] full = [.. Enumerable.Repeat((byte)0xFF, 32), .. Enumerable.Repeat(leaf, 256).SelectMany(l => l)];
        Assert.Equal(256, TreeProof.Parse(full).Siblings.Count);
    }

    internal static void Check(int rounds, Action<ulong> property) =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => property((ulong)seed))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(rounds));

    private static Digest Key(byte first) => new([first, .. new byte[31]]);

    private static Digest? RootOrNull(byte[] proof, Digest key, Digest leaf)
    {
        try
        {
            return RootOrNull(TreeProof.Parse(proof), key, leaf);
        }
        catch (MalformedException)
        {
            return null;
        }
    }

    private static Digest? RootOrNull(TreeProof proof, Digest key, Digest leaf)
    {
        try
        {
            return proof.Root(key, leaf);
        }
        catch (MalformedException)
        {
            return null;
        }
    }
}
