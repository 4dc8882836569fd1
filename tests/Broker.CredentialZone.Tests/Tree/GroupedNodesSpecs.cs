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
