using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tests.Tree;

public sealed class GroupedNodesSpecs
{
    private static readonly Name Acme = Name.Parse("acme");

    [Fact]
    public void Record_that_is_none_should_be_told()
    {
        var table = new Table();
        var tree = new SparseTree(new GroupedNodes(Acme, table));
        for (byte i = 0; i < 40; i++)
        {
            tree.Update(Digest.Of([i]), Digest.Of([i, 1]));
        }

        tree.Flush();
        var record = table.Records[TreePosition.Root];
        byte[][] altered =
        [
            record[..^1], [.. record, 0], [.. record, .. record], [0, .. record[1..]], [4, .. record[1..]], [2, .. record[1..]],
            [3, 3, 3, 3, 3, .. record], [3], new byte[130],
        ];
        foreach (var bytes in altered)
        {
            table.Records[TreePosition.Root] = bytes;
            Assert.Equal(
                Acme, Assert.Throws<AlteredException>(() => new GroupedNodes(Acme, table).Read(TreePosition.Root)).Customer);
            Assert.Equal(Acme, Assert.Throws<AlteredException>(() => new SparseTree(new GroupedNodes(Acme, table))).Customer);
        }
    }

    [Fact]
    public void Node_of_less_than_two_leaves_should_be_told()
    {
        // It has the hash of the leaf that may stand there instead, so no hash above it tells.
        byte[] Leaf(byte first) => [1, first, .. new byte[31], .. Digest.Of([first]).ToArray()];
        var table = new Table();
        table.Records[TreePosition.Root] = [3, .. Leaf(0), .. Leaf(0x80)];
        Assert.NotEqual(Digest.Zero, new SparseTree(new GroupedNodes(Acme, table)).Root);
        table.Records[TreePosition.Root] = [3, 3, .. Leaf(0), 0, .. Leaf(0x80)];
        Assert.Throws<AlteredException>(() => new SparseTree(new GroupedNodes(Acme, table)));
        table.Records[TreePosition.Root] = [3, 3, 0, 0, .. Leaf(0x80)];
        Assert.Throws<AlteredException>(() => new SparseTree(new GroupedNodes(Acme, table)));
    }

    [Fact]
    public void Record_of_a_tree_should_be_that_of_its_nodes()
    {
        foreach (var size in (int[])[1, 2, 3, 40, 600])
        {
            var (table, single) = (new Table(), new Table());
            var tree = new SparseTree(new GroupedNodes(Acme, table));
            for (var i = 0; i < size; i++)
            {
                tree.Update(Digest.Of(BitConverter.GetBytes(i)), Digest.Of([1]));
            }

            tree.Flush();
            var (from, to) = (new GroupedNodes(Acme, table), new GroupedNodes(Acme, single));
            Copy(TreePosition.Root);
            to.Flush();
            Assert.Equal(
                table.Records.ToDictionary(static r => r.Key, static r => Convert.ToHexString(r.Value)),
                single.Records.ToDictionary(static r => r.Key, static r => Convert.ToHexString(r.Value)));

            void Copy(TreePosition position)
            {
                var node = from.Read(position)!;
                to.Write(position, node);
                foreach (var right in (bool[])[false, true])
                {
                    if (node.Side(right).Kind == SubtreeKind.Node)
                    {
                        Copy(position.Below(right));
                    }
                }
            }
        }
    }

    [Fact]
    public void Nodes_should_be_those_of_any_changes_and_leave_no_record_behind()
    {
        var at = 0;
        byte Next() => Digest.Of(BitConverter.GetBytes(at++)).ToArray()[0];
        var (table, values) = (new Table(), new Dictionary<Digest, Digest>());
        for (var round = 0; round < 40; round++)
        {
            var tree = new SparseTree(new GroupedNodes(Acme, table));
            for (var n = 1 + (Next() % 20); n > 0; n--)
            {
                var (key, value) = (Digest.Of([(byte)(Next() % 120)]), Next() % 3 == 0 ? Digest.Zero : Digest.Of([Next()]));
                tree.Update(key, value);
                values.Remove(key);
                if (value != Digest.Zero)
                {
                    values.Add(key, value);
                }
            }

            tree.Flush();
            var read = new SparseTree(new GroupedNodes(Acme, table));
            Assert.Equal(NaiveTree.Root(values), read.Root);
            Assert.Equal((ulong)values.Count, read.CountVerified());
        }

        var last = new SparseTree(new GroupedNodes(Acme, table));
        foreach (var key in values.Keys)
        {
            last.Update(key, Digest.Zero);
        }

        last.Flush();
        Assert.Empty(table.Records);
    }

    [Fact]
    public void Change_should_write_a_record_for_four_levels()
    {
        var table = new Table();
        var tree = new SparseTree(new GroupedNodes(Acme, table));
        for (var i = 0; i < 4000; i++)
        {
            tree.Update(Digest.Of(BitConverter.GetBytes(i)), Digest.Of([1]));
        }

        tree.Flush();
        table.Written = 0;
        tree.Update(Digest.Of(BitConverter.GetBytes(7)), Digest.Of([2]));
        tree.Flush();
        Assert.InRange(table.Written, 3, 6);
    }

    [Fact]
    public void Proof_of_many_keys_should_give_the_root_after_their_change()
    {
        var table = new Table();
        var tree = new SparseTree(new GroupedNodes(Acme, table));
        for (var i = 0; i < 300; i++)
        {
            tree.Update(Digest.Of(BitConverter.GetBytes(i)), Digest.Of([1]));
        }

        tree.Flush();
        List<Digest> keys = [.. Enumerable.Range(290, 60).Select(static i => Digest.Of(BitConverter.GetBytes(i)))];
        var stored = new SparseTree(new GroupedNodes(Acme, table));
        var partial = new PartialTree(tree.Root);
        Assert.True(partial.TryAdd(stored.Prove(keys).Span));
        foreach (var key in keys)
        {
            Assert.True(partial.TryFind(key, out var leaf));
            Assert.Equal(stored.Value(key) == Digest.Zero ? Digest.Zero : TreeHash.Leaf(key, stored.Value(key)), leaf);
            partial.Update(key, TreeHash.Leaf(key, Digest.Of([2])));
            tree.Update(key, Digest.Of([2]));
        }

        Assert.Equal(tree.Root, partial.Root);
    }

    private sealed class Table : INodeGroups
    {
        public Dictionary<TreePosition, byte[]> Records { get; } = [];

        public int Written { get; set; }

        public byte[]? Read(TreePosition position) => Records.GetValueOrDefault(position);

        public void Write(TreePosition position, ReadOnlySpan<byte> record)
        {
            Written++;
            if (record.Length == 0)
            {
                Records.Remove(position);
            }
            else
            {
                Records[position] = record.ToArray();
            }
        }
    }
}
