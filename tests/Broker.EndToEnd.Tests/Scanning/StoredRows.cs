using Broker.EndToEnd.Tests.Harness;
using Broker.Protocol.Directory;
using Broker.Protocol.Statements;
using Microsoft.Data.Sqlite;

namespace Broker.EndToEnd.Tests.Scanning;

/// <summary>What the credential zone has stored, from a copy of its database.</summary>
internal static class StoredRows
{
    /// <summary>All rows.</summary>
    public static List<StoredRow> Of(Cluster cluster)
    {
        using var copy = DatabaseCopy.Of(cluster, cluster.InTemporary("rows"));
        using var connection = new SqliteConnection($"Data Source={copy.Path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT statement FROM entries WHERE type = 'row'";
        using var reader = command.ExecuteReader();
        var rows = new List<StoredRow>();
        while (reader.Read())
            rows.Add(Statement.Read<StoredRow>((byte[])reader[0]));
        return rows;
    }
}
