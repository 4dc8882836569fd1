using Broker.CredentialZone.Migration;
using Broker.CredentialZone.Relational;
using Npgsql;

namespace Broker.CredentialZone.Postgres;

/// <summary>Migrates PostgreSQL.</summary>
internal sealed class PostgresMigration(PostgresOptions options) : IServerMigration
{
    /// <inheritdoc/>
    public IReadOnlyList<string> Steps =>
    [
        $"CREATE SCHEMA IF NOT EXISTS {PostgresOptions.Schema};\nSET search_path = {PostgresOptions.Schema}",
        .. Enumerable.Range(1, (int)ServerSchema.Version).Select(static v => ServerSchema.Step("postgresql", (uint)v)),
        $"INSERT INTO meta (name, value) VALUES ('{ServerSchema.Key}', decode('{ServerSchema.Version:x8}', 'hex')), " +
            $"('{ServerSchema.OldestKey}', decode('{ServerSchema.Oldest:x8}', 'hex')) " +
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    ];

    /// <inheritdoc/>
    public IReadOnlyList<string> Grants(string role) => PostgresSchema.Grants(role);

    /// <inheritdoc/>
    public IConnectedMigration Connect(string? owner, string? passwordFile) => new Connected(PostgresConnections.Create(
        owner is null ? options : options with { User = owner, PasswordFile = passwordFile, Certificate = null, Key = null },
        isMigration: true));

    private sealed class Connected(NpgsqlDataSource source) : IConnectedMigration
    {
        public uint Migrate() => PostgresSchema.Migrate(source);

        public void Grant(string role) => PostgresSchema.Grant(source, role);

        public void Dispose() => source.Dispose();
    }
}
