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
        Assert.Equal(Digest.Of([1, .. new byte[32], .. b.ToArray()]), TreeHash.Node(Digest.Zero, b));
        Assert.Equal(Digest.Zero, TreeHash.Node(Digest.Zero, Digest.Zero));
        Assert.Equal(TreeHash.Node(a, b), TreeHash.Parent(right: false, a, b));
        Assert.Equal(TreeHash.Node(b, a), TreeHash.Parent(right: true, a, b));
        Assert.NotEqual(TreeHash.Leaf(a, b), TreeHash.Node(a, b));
    }

    [Fact]
    public void Empty_tree_should_prove_the_absence_of_everything()
    {
        var proof = new TreeProof(Digest.Zero, []);
        Assert.Equal(Digest.Zero, proof.Root(Digest.Of([1]), Digest.Zero));
        Assert.NotEqual(Digest.Zero, proof.Root(Digest.Of([1]), TreeHash.Leaf(Digest.Of([1]), Digest.Of([2]))));
    }

    [Fact]
    public void Proof_should_lead_to_the_reference_root_in_a_tree_of_300_keys()
    {
        var random = new Seeded(300);
        var tree = Trees.Of(random, 300);
        var root = ReferenceTree.RootOf(tree);
        foreach (var (key, leaf) in tree.Where((_, i) => i % 30 == 0))
        {
            Assert.Equal(root, ReferenceTree.ProofOf(tree, key).Root(key, leaf));
        }
    }

    [Fact]
    public void Proof_should_show_presence_and_absence_and_nothing_else() => Check(20, seed =>
    {
        var random = new Seeded(seed);
        var tree = Trees.Of(random, random.Below(12));
        var root = ReferenceTree.RootOf(tree);
        foreach (var (key, leaf) in tree)
        {
            var proof = ReferenceTree.ProofOf(tree, key);
            Assert.Equal(root, proof.Root(key, leaf));
            Assert.NotEqual(root, proof.Root(key, Digest.Zero));
            Assert.NotEqual(root, proof.Root(key, random.NextDigest()));
            Assert.NotEqual(root, proof.Root(TreePath.Flip(key, random.Below(256)), leaf));
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
        var (key, leaf) = random.Of([.. tree]);
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
            Digest[] others = [.. proof.Siblings.Take(i), .. proof.Siblings.Skip(i + 1)];
            Assert.Throws<MalformedException>(() => (proof with { Siblings = others }).Root(key, leaf));
        }

        Digest[] more = [.. proof.Siblings, random.NextDigest()];
        Assert.Throws<MalformedException>(() => (proof with { Siblings = more }).Root(key, leaf));
    });

    // Depth is fixed, so an inner node offered as a leaf stands at the wrong depth.
    [Fact]
    public void Inner_node_should_not_pass_for_a_leaf()
    {
        var tree = Trees.Of(new Seeded(5), 8);
        var (key, leaf) = tree.First();
        var proof = ReferenceTree.ProofOf(tree, key);
        var node = TreeHash.Parent(key.Bit(255), leaf, Digest.Zero);
        Assert.NotEqual(proof.Root(key, leaf), proof.Root(key, node));
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
        foreach (var length in (int[])[0, 1, 31, 33, 63, 65, 32 * 258])
        {
            Assert.Throws<MalformedException>(() => TreeProof.Parse(new byte[length]));
        }

        Assert.Throws<MalformedException>(() => TreeProof.Parse(new byte[64]));
        Assert.Throws<MalformedException>(() => TreeProof.Parse([0x80, .. new byte[31]]));
        var full = Enumerable.Repeat((byte)0xFF, 32 * 257).ToArray();
        Assert.Equal(256, TreeProof.Parse(full).Siblings.Count);
    }

    internal static void Check(int rounds, Action<ulong> property) =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => property((ulong)seed))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(rounds));

    private static Digest? RootOrNull(byte[] proof, Digest key, Digest leaf)
    {
        try
        {
            return TreeProof.Parse(proof).Root(key, leaf);
        }
        catch (MalformedException)
        {
            return null;
        }
    }
}
