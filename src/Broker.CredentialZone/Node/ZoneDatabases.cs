using Broker.CredentialZone.Postgres;
using Broker.CredentialZone.Sqlite;
using Broker.CredentialZone.SqlServer;
using Broker.CredentialZone.Store;
using Microsoft.Extensions.Logging;

namespace Broker.CredentialZone.Node;

/// <summary>Opens the database that the configuration names.</summary>
internal static partial class ZoneDatabases
{
    /// <summary>Opens it.</summary>
    /// <param name="settings">The configuration.</param>
    /// <param name="logs">Where it is told which one it is.</param>
    /// <exception cref="StoreException">It cannot be opened; the message says what to do.</exception>
    public static IZoneDatabase Open(ZoneSettings settings, ILoggerFactory logs)
    {
        var log = logs.CreateLogger(typeof(ZoneDatabases));
        LogStore(log, settings.StoreDisplay);
        switch (settings)
        {
            case { Postgres: { } postgres }:
                return PostgresDatabase.Open(postgres);
            case { SqlServer: { } server }:
                LogStanding(log, SqlServerOptions.Standing);
                return SqlServerDatabase.Open(server);
            default:
                return SqliteZoneDatabase.Open(settings.Database);
        }
    }

    [LoggerMessage(2110, LogLevel.Information, "the store is {Store}")]
    private static partial void LogStore(ILogger log, string store);

    [LoggerMessage(2111, LogLevel.Warning, "{Standing}")]
    private static partial void LogStanding(ILogger log, string standing);
}
