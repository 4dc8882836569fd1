using Broker.CredentialZone.Migration;
using Broker.CredentialZone.Relational;
using Broker.CredentialZone.Store;
using Microsoft.Data.SqlClient;

namespace Broker.CredentialZone.SqlServer;

/// <summary>Migrates SQL Server.</summary>
internal sealed class SqlServerMigration(SqlServerOptions options) : IServerMigration
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Steps =>
    [
        .. Enumerable.Range(1, (int)ServerSchema.Version).Select(static v => ServerSchema.Step("sqlserver", (uint)v)),
        $"INSERT INTO dbo.meta (name, value) VALUES (N'{ServerSchema.Key}', 0x{ServerSchema.Version:x8}), " +
            $"(N'{ServerSchema.OldestKey}', 0x{ServerSchema.Oldest:x8})",
    ];

    /// <inheritdoc/>
    public IReadOnlyList<string> Grants(string role) => SqlServerSchema.Grants(role);

    /// <inheritdoc/>
    public IConnectedMigration Connect(string? owner, string? passwordFile)
    {
        if (owner is not null && passwordFile is null)
        {
            throw new StoreException($"SQL Server needs the password of {owner}; name its file with --password-file");
        }

        return new Connected(new SqlServerConnections(
            owner is null ? options : options with { User = owner, PasswordFile = passwordFile! }).Open());
    }

    private sealed class Connected(SqlConnection connection) : IConnectedMigration
    {
        public uint Migrate() => SqlServerSchema.Migrate(connection);

        public void Grant(string role) => SqlServerSchema.Grant(connection, role);

        public void Dispose() => connection.Dispose();
    }
}
