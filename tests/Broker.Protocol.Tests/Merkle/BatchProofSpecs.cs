using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;
using Broker.Protocol.Tests.Support;

namespace Broker.Protocol.Tests.Merkle;

public class BatchProofSpecs
{
    [Fact]
    public void Proof_should_lead_to_the_root_and_to_that_after_a_replacement() => TreeProofSpecs.Check(40, static seed =>
    {
        var random = new Seeded(seed);
        var tree = Tree(random, 1 + random.Below(40));
        var batch = Some(tree, random);
        var proof = BatchProof.Read(Write(tree, batch), Leaves(tree, batch));
        Assert.Equal(RootOf(tree), proof.Before);
        Assert.Equal(RootOf(tree), proof.Root);

        var next = batch.ConvertAll(_ => random.Below(4) == 0 ? Digest.Zero : random.NextDigest());
        proof.Replace(next);
        Assert.Equal(RootOf(After(tree, batch, next)), proof.Root);
    });

    [Fact]
    public void Proof_should_follow_the_batch_before_it() => TreeProofSpecs.Check(40, static seed =>
    {
        var random = new Seeded(seed);
        var tree = Tree(random, 2 + random.Below(40));
        var (first, second) = (Some(tree, random), Some(tree, random));
        var (done, waiting) = (
            BatchProof.Read(Write(tree, first), Leaves(tree, first)), BatchProof.Read(Write(tree, second), Leaves(tree, second)));
        var next = first.ConvertAll(_ => random.NextDigest());
        done.Replace(next);
        var between = After(tree, first, next);

        waiting.Follow(done);

        Assert.Equal(RootOf(between), waiting.Root);
        Assert.Equal(second.ConvertAll(first.Contains), second.Select((_, i) => waiting.IsOvertaken(i)).ToList());
        var then = second.ConvertAll(k => first.Contains(k) ? Digest.Zero : random.NextDigest());
        waiting.Replace(then);
        Assert.Equal(RootOf(After(between, second, then)), waiting.Root);
    });

    [Fact]
    public void Proof_should_follow_a_batch_that_had_followed_another() => TreeProofSpecs.Check(40, static seed =>
    {
        var random = new Seeded(seed);
        var tree = Tree(random, 3 + random.Below(40));
        var keys = tree.Keys.ToList();
        var (first, second, third) = (Third(keys, 0), Third(keys, 1), Third(keys, 2));
        BatchProof Of(SortedDictionary<Digest, Digest> of, List<Digest> batch) => BatchProof.Read(Write(of, batch), Leaves(of, batch));
        var (one, two) = (Of(tree, first), Of(tree, second));
        var next = first.ConvertAll(_ => random.NextDigest());
        one.Replace(next);
        var between = After(tree, first, next);
        var three = Of(between, third);
        two.Follow(one);
        two.Settle();
        var then = second.ConvertAll(_ => random.NextDigest());
        two.Replace(then);

        three.Follow(two);

        Assert.Equal(RootOf(between), two.Before);
        Assert.All(third, (_, i) => Assert.False(three.IsOvertaken(i)));
        Assert.Equal(RootOf(After(between, second, then)), three.Root);
    });

    [Fact]
    public void Proofs_of_different_trees_should_not_follow_each_other()
    {
        var random = new Seeded(1);
        var (one, other) = (Tree(random, 9), Tree(random, 9));
        var (a, b) = (Some(one, random), Some(other, random));
        var proof = BatchProof.Read(Write(one, a), Leaves(one, a));
        Assert.Throws<ArgumentException>(() => proof.Follow(BatchProof.Read(Write(other, b), Leaves(other, b))));
    }

    [Fact]
    public void Other_leaves_should_not_lead_to_the_root() => TreeProofSpecs.Check(40, static seed =>
    {
        var random = new Seeded(seed);
        var tree = Tree(random, 1 + random.Below(40));
        var batch = Some(tree, random);
        var leaves = Leaves(tree, batch);
        var other = random.Below(leaves.Count);
        leaves[other] = leaves[other] with { Leaf = random.NextDigest() };
        Assert.NotEqual(RootOf(tree), BatchProof.Read(Write(tree, batch), leaves).Root);
    });

    [Fact]
    public void Altered_proof_should_be_malformed_or_lead_elsewhere() => TreeProofSpecs.Check(100, static seed =>
    {
        var random = new Seeded(seed);
        var tree = Tree(random, 1 + random.Below(20));
        var batch = Some(tree, random);
        var bytes = Write(tree, batch);
        var at = random.Below(bytes.Length);
        byte[] altered = random.Below(3) switch
        {
            0 => bytes[..at],
            1 => [.. bytes[..at], (byte)random.Below(5), .. bytes[at..]],
            _ => [.. bytes[..at], (byte)(bytes[at] ^ (1 + random.Below(255))), .. bytes[(at + 1)..]],
        };
        if (altered.AsSpan().SequenceEqual(bytes))
        {
            return;
        }

        try
        {
            Assert.NotEqual(RootOf(tree), BatchProof.Read(altered, Leaves(tree, batch)).Root);
        }
        catch (MalformedException)
        {
            // That is the other answer.
        }
    });

    [Fact]
    public void Leaves_out_of_order_should_be_refused()
    {
        var random = new Seeded(3);
        var tree = Tree(random, 5);
        var all = tree.Keys.ToList();
        var bytes = Write(tree, all);
        var leaves = Leaves(tree, all);
        Assert.Throws<MalformedException>(() => BatchProof.Read(bytes, [.. Enumerable.Reverse(leaves)]));
        Assert.Throws<MalformedException>(() => BatchProof.Read(bytes, [leaves[0], .. leaves]));
        Assert.Throws<MalformedException>(() => BatchProof.Read(bytes, []));
        Assert.Throws<MalformedException>(() => BatchProof.Read(bytes, leaves[1..]));
    }

    [Fact]
    public void Proof_deeper_than_keys_are_long_should_be_refused() => Assert.Throws<MalformedException>(
        static () => BatchProof.Read(Enumerable.Repeat((byte)3, 400).ToArray(), [(Digest.Of([1]), Digest.Of([2]))]));

    private static List<Digest> Third(List<Digest> keys, int which) => [.. keys.Where((_, i) => i % 3 == which)];

    private static SortedDictionary<Digest, Digest> Tree(Seeded random, int count)
    {
        var tree = new SortedDictionary<Digest, Digest>(DigestOrder.Instance);
        while (tree.Count < count)
        {
            // Half of them part late, so that there are nodes with one side empty.
            var key = random.NextDigest().ToArray();
            if (tree.Count > 0 && random.Below(2) == 0)
            {
                tree.Keys.ElementAt(random.Below(tree.Count)).ToArray().AsSpan(0, 1 + random.Below(4)).CopyTo(key);
            }

            tree[new Digest(key)] = random.NextDigest();
        }

        return tree;
    }

    private static List<Digest> Some(SortedDictionary<Digest, Digest> tree, Seeded random)
    {
        var some = tree.Keys.Where(_ => random.Below(3) == 0).ToList();
        return some.Count > 0 ? some : [tree.Keys.First()];
    }

    private static List<(Digest Key, Digest Leaf)> Leaves(SortedDictionary<Digest, Digest> tree, List<Digest> batch) =>
        batch.ConvertAll(k => (k, tree[k]));

    private static SortedDictionary<Digest, Digest> After(SortedDictionary<Digest, Digest> tree, List<Digest> batch, List<Digest> next)
    {
        var after = new SortedDictionary<Digest, Digest>(tree, DigestOrder.Instance);
        foreach (var (key, leaf) in batch.Zip(next).Where(static p => p.Second != Digest.Zero))
        {
            after[key] = leaf;
        }

        return after;
    }

    private static Digest RootOf(SortedDictionary<Digest, Digest> tree) => At([.. tree], 0).Hash;

    private static Subtree At(List<KeyValuePair<Digest, Digest>> leaves, int depth) => leaves switch
    {
        [] => Subtree.Empty,
        [var leaf] => Subtree.OfLeaf(leaf.Value),
        _ => Subtree.Join(At(leaves.FindAll(l => !l.Key.Bit(depth)), depth + 1), At(leaves.FindAll(l => l.Key.Bit(depth)), depth + 1)),
    };

    private static byte[] Write(SortedDictionary<Digest, Digest> tree, List<Digest> batch)
    {
        var writer = new BatchProofWriter();
        Write(writer, [.. tree], batch, 0);
        return writer.Written.ToArray();
    }

    private static void Write(BatchProofWriter writer, List<KeyValuePair<Digest, Digest>> leaves, List<Digest> batch, int depth)
    {
        if (!leaves.Exists(l => batch.Contains(l.Key)))
        {
            writer.Beside(At(leaves, depth));
        }
        else if (leaves.Count == 1)
        {
            writer.Leaf();
        }
        else
        {
            writer.Node();
            Write(writer, leaves.FindAll(l => !l.Key.Bit(depth)), batch, depth + 1);
            Write(writer, leaves.FindAll(l => l.Key.Bit(depth)), batch, depth + 1);
        }
    }
}
