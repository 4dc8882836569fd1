using Broker.CredentialZone.Postgres;
using Broker.CredentialZone.Sqlite;
using Broker.CredentialZone.SqlServer;
using Broker.CredentialZone.Store;

namespace Broker.CredentialZone.Node;

/// <summary>Opens the database that the configuration names.</summary>
internal static class ZoneDatabases
{
    /// <summary>Opens it.</summary>
    /// <exception cref="StoreException">It cannot be opened; the message says what to do.</exception>
    public static IZoneDatabase Open(ZoneSettings settings) => settings switch
    {
        { Postgres: { } postgres } => PostgresDatabase.Open(postgres),
        { SqlServer: { } server } => SqlServerDatabase.Open(server),
        _ => SqliteZoneDatabase.Open(settings.Database),
    };
}
