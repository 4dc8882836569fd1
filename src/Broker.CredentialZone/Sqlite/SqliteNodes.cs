using Broker.CredentialZone.Tree;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Sqlite;

/// <summary>The table of a customer's tree nodes.</summary>
internal sealed class SqliteNodes(SqliteConnectionHandle connection, Name customer) : INodeGroups
{
    /// <inheritdoc/>
    public byte[]? Read(TreePosition position)
    {
        Span<byte> key = stackalloc byte[TreePosition.MaxLength];
        using var q = connection.Use("SELECT node FROM nodes WHERE customer = ? AND position = ?")
            .Bind(customer).Bind(key[..position.Write(key)]);
        return q.Step() ? q.Bytes(0) : null;
    }

    /// <inheritdoc/>
    public void Write(TreePosition position, ReadOnlySpan<byte> record)
    {
        Span<byte> bytes = stackalloc byte[TreePosition.MaxLength];
        var key = bytes[..position.Write(bytes)];
        if (record.IsEmpty)
        {
            using var delete = connection.Use("DELETE FROM nodes WHERE customer = ? AND position = ?").Bind(customer).Bind(key);
            delete.Run();
            return;
        }

        // Nearly always it is there, and to replace it looks for its customer and keeps a journal of its own for each.
        using var update = connection.Use("UPDATE nodes SET node = ? WHERE customer = ? AND position = ?")
            .Bind(record).Bind(customer).Bind(key);
        if (update.Run() > 0)
        {
            return;
        }

        using var insert = connection.Use("INSERT INTO nodes (customer, position, node) VALUES (?, ?, ?)")
            .Bind(customer).Bind(key).Bind(record);
        insert.Run();
    }
}
