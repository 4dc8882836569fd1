using Broker.CredentialZone.Sqlite;
using Broker.CredentialZone.Tests.Support;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tests.Store;

/// <summary>A database of before version 3, which had a record for each node.</summary>
public sealed class SingleNodesSpecs : IDisposable
{
    private readonly ZoneUnderTest _zone = new(ZoneUnderTest.Sqlite);

    public void Dispose() => _zone.Dispose();

    [Fact]
    public void Nodes_should_be_grouped_and_prove_what_they_proved()
    {
        var customer = _zone.Ready();
        for (var i = 0u; i < 30; i++)
        {
            _zone.Do(customer.Commit([customer.Credential($"c-{i}", 1), customer.Row($"c-{i}", 1)]));
        }

        var single = Singles(customer.Name);
        Assert.True(single.Count > 40, $"{single.Count} nodes");
        Write(customer.Name, single);
        _zone.Reopen();

        var key = EntryKey.Row(TestCustomer.N("c-7"), 1);
        Assert.NotEqual(Digest.Zero, _zone.Store.ReadEntries(customer.Name, [key])!.Entries[0].Value);
        Assert.Equal(single.Count, Singles(customer.Name).Count);
        _zone.Do(customer.Commit([customer.Row("c-7", 2)]));
    }

    [Fact]
    public void Record_that_is_no_node_should_not_be_opened()
    {
        var customer = _zone.Ready();
        Write(customer.Name, [(new byte[40], new byte[130])]);
        Assert.Throws<Integrity.AlteredException>(() => _zone.Reopen());
    }

    private void Write(Name customer, List<(byte[] Position, byte[] Node)> nodes)
    {
        _zone.Store.Dispose();
        using var raw = new SqliteConnectionHandle(Path.Combine(_zone.DirectoryPath, "zone.db"), readOnly: false);
        raw.Script("DELETE FROM nodes; UPDATE meta SET value = x'00000002' WHERE key = 'schema-version'");
        foreach (var (position, node) in nodes)
        {
            using var q = raw.Use("INSERT INTO nodes (customer, position, node) VALUES (?, ?, ?)").Bind(customer).Bind(position).Bind(node);
            q.Run();
        }
    }

    private List<(byte[] Position, byte[] Node)> Singles(Name customer) => _zone.Database.Read(tables =>
    {
        var singles = new List<(byte[], byte[])>();
        var nodes = tables.Nodes(customer);
        var open = new Stack<TreePosition>([TreePosition.Root]);
        while (open.TryPop(out var position))
        {
            var node = nodes.Read(position)!;
            var (at, bytes) = (new byte[TreePosition.MaxLength], new byte[130]);
            Side(node.Left, bytes);
            Side(node.Right, bytes.AsSpan(65));
            singles.Add((at[..position.Write(at)], bytes));
            foreach (var right in new[] { false, true })
            {
                if (node.Side(right).Kind == SubtreeKind.Node)
                {
                    open.Push(position.Below(right));
                }
            }
        }

        return singles;
    });

    private static void Side(TreeChild child, Span<byte> bytes)
    {
        bytes[0] = (byte)child.Kind;
        (child.Kind == SubtreeKind.Leaf ? child.Key : child.Subtree.Hash).CopyTo(bytes[1..]);
        child.Value.CopyTo(bytes[33..]);
    }
}
