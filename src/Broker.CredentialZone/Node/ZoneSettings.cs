using System.Net;
using Broker.Configuration;
using Broker.CredentialZone.Postgres;
using Broker.CredentialZone.Sqlite;
using Broker.CredentialZone.SqlServer;
using Broker.CredentialZone.Store;
using Broker.Host;

namespace Broker.CredentialZone.Node;

/// <summary>What a zone node's configuration says. Every default is in reference.conf.</summary>
/// <param name="Tls">This node's certificate and the root.</param>
/// <param name="Listen">Where DMZ nodes connect.</param>
/// <param name="LedgerCertificate">The ledger key's certificate.</param>
/// <param name="LedgerKey">The ledger key.</param>
/// <param name="PredecessorCertificate">The certificate of the ledger key before it, at a change; or null.</param>
/// <param name="PredecessorKey">That key, or null.</param>
/// <param name="Database">The embedded database.</param>
/// <param name="Limits">What a DMZ node can make the zone keep.</param>
/// <param name="QueueCapacity">Operations that may wait for the writer.</param>
internal sealed record ZoneSettings(
    TlsSettings Tls,
    IPEndPoint Listen,
    string LedgerCertificate,
    string LedgerKey,
    string? PredecessorCertificate,
    string? PredecessorKey,
    SqliteOptions Database,
    ZoneLimits Limits,
    int QueueCapacity)
{
    private const long MaxSize = 1L << 46;

    /// <summary>The PostgreSQL that takes the embedded database's place, or null.</summary>
    public PostgresOptions? Postgres { get; init; }

    /// <summary>The SQL Server that takes the embedded database's place, or null.</summary>
    public SqlServerOptions? SqlServer { get; init; }

    /// <summary>For messages: where the store is.</summary>
    public string StoreDisplay => Postgres?.Display ?? SqlServer?.Display ?? Database.Path;

    /// <summary>Reads the settings.</summary>
    /// <param name="broker">At <c>broker</c>.</param>
    public static ZoneSettings Read(SettingsReader broker)
    {
        var zone = broker.Section("zone");
        var settings = new ZoneSettings(
            TlsSettings.Read(broker.Section("tls")),
            zone.Listen("listen"),
            zone.Path("ledger.certificate"),
            zone.Path("ledger.key"),
            zone.OptionalPath("ledger.predecessor-certificate"),
            zone.OptionalPath("ledger.predecessor-key"),
            new SqliteOptions(
                zone.Path("store.path"), zone.Integer("store.readers", 1, 64), zone.Size("store.max-size", 0, MaxSize)),
            new ZoneLimits(
                (uint)zone.Integer("limits.releases-per-minute", 1, 100_000_000),
                (uint)zone.Integer("limits.open-hand-offs", 1, 1_000_000),
                (uint)zone.Integer("limits.open-uses", 1, 100_000_000),
                (uint)zone.Integer("limits.open-invitations", 1, 10_000),
                (uint)zone.Integer("limits.refusals-per-minute", 1, 10_000),
                zone.Size("store.reserve", 0, MaxSize)),
            zone.Integer("limits.queue", 64, 1_000_000));
        if (settings.PredecessorCertificate is null != settings.PredecessorKey is null)
        {
            zone.AddProblem("ledger.predecessor-key", "certificate and key of the predecessor go together; set both or neither");
        }

        if (settings.Database.MaxBytes is > 0 and < 1 << 20)
        {
            zone.AddProblem("store.max-size", "must be 0 for no bound, or at least 1 MiB");
        }

        return Server(zone.Section("store"), settings);
    }

    private static ZoneSettings Server(SettingsReader store, ZoneSettings settings)
    {
        var kind = store.OneOf("kind", "sqlite", "postgresql", "sqlserver");
        if (kind == "sqlite")
        {
            store.Exempt("server");
            return settings;
        }

        var server = ServerSettings.Read(store.Section("server"), kind, settings.Database);
        return kind == "postgresql" ? settings with { Postgres = server.Postgres() } : settings with { SqlServer = server.SqlServer() };
    }
}
