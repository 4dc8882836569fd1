using System.Buffers.Binary;
using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Sqlite;

/// <summary>Nodes as they were stored before version 3, each a record of its own: puts them into groups.</summary>
internal static class SingleNodes
{
    // A group of nodes never has this length.
    private const int Length = 2 * ChildLength;
    private const int ChildLength = 1 + (2 * Digest.Length);

    /// <summary>Groups the nodes of all customers.</summary>
    /// <exception cref="AlteredException">A record is no node.</exception>
    public static void Group(SqliteConnectionHandle connection)
    {
        var tables = new SqliteReader(connection);
        for (var after = ""; tables.Customers(after, limit: 1) is [var customer, ..]; after = customer.Value)
        {
            var singles = Read(connection, customer);
            using var delete = connection.Use("DELETE FROM nodes WHERE customer = ? AND length(node) = 130").Bind(customer);
            delete.Run();
            var grouped = tables.Nodes(customer);
            foreach (var (position, node) in singles)
            {
                grouped.Write(position, node);
            }

            grouped.Flush();
        }
    }

    private static List<(TreePosition Position, TreeNode Node)> Read(SqliteConnectionHandle connection, Name customer)
    {
        var nodes = new List<(TreePosition, TreeNode)>();
        using var q = connection.Use("SELECT position, node FROM nodes WHERE customer = ? AND length(node) = 130").Bind(customer);
        while (q.Step())
        {
            var (position, node) = (q.Bytes(0), q.Bytes(1));
            if (position.Length is < 2 or > TreePosition.MaxLength || node.Length != Length)
            {
                throw new AlteredException(Store.RefusalCode.TreeAltered, "a node of the customer's tree is not one")
                {
                    Customer = customer,
                };
            }

            var path = new byte[Digest.Length];
            position.AsSpan(2).CopyTo(path);
            nodes.Add((
                new TreePosition(BinaryPrimitives.ReadUInt16BigEndian(position), new Digest(path)),
                new TreeNode(Side(node.AsSpan(0, ChildLength)), Side(node.AsSpan(ChildLength)))));
        }

        return nodes;
    }

    private static TreeChild Side(ReadOnlySpan<byte> bytes)
    {
        var first = new Digest(bytes.Slice(1, Digest.Length));
        return (SubtreeKind)bytes[0] switch
        {
            SubtreeKind.Empty => TreeChild.Empty,
            SubtreeKind.Leaf => TreeChild.Leaf(first, new Digest(bytes[(1 + Digest.Length)..])),
            _ => TreeChild.Node(first),
        };
    }
}
