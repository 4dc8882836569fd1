using Broker.EndToEnd.Tests.Harness;
using Broker.Protocol.Directory;
using Broker.Protocol.Statements;
using Microsoft.Data.Sqlite;

namespace Broker.EndToEnd.Tests.Scanning;

/// <summary>What the credential zone has stored, from a copy of its database.</summary>
internal static class StoredRows
{
    /// <summary>All rows.</summary>
    public static async Task<IReadOnlyList<StoredRow>> OfAsync(Cluster cluster)
    {
        using var copy = await DatabaseCopy.OfAsync(cluster, cluster.InTemporary("rows"));
        using var connection = new SqliteConnection($"Data Source={copy.Path};Pooling=False");
        await connection.OpenAsync();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT statement FROM entries WHERE type = 'row'";
        using var reader = await command.ExecuteReaderAsync();
        var rows = new List<StoredRow>();
        while (await reader.ReadAsync())
            rows.Add(Statement.Read<StoredRow>((byte[])reader[0]));
        return rows;
    }
}
