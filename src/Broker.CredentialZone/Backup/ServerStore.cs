using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Node;
using Broker.CredentialZone.Postgres;
using Broker.CredentialZone.SqlServer;
using Broker.CredentialZone.Store;
using Broker.Host;
using Broker.Links.Identity;

namespace Broker.CredentialZone.Backup;

/// <summary>What the commands do where the store is a database server: it makes the backups itself, and what it has is verified.</summary>
internal static class ServerStore
{
    /// <summary>Whether the store is on a server.</summary>
    public static bool Is(ZoneSettings settings) => settings.Postgres is not null || settings.SqlServer is not null;

    /// <summary>Refuses a command that is for files.</summary>
    /// <exception cref="StartException">The store is on a server.</exception>
    public static void Refuse(ZoneSettings settings, string command)
    {
        if (Is(settings))
        {
            var tools = settings.Postgres is not null ? "pg_basebackup or pg_dump" : "BACKUP DATABASE";
            throw new StartException(
                $"{settings.StoreDisplay}: {command} is for SQLite; use the server's own tools ({tools}), keep its log beside it, and " +
                "verify what you restored with broker-zone verify before a zone starts on it");
        }
    }

    /// <summary>Verifies what the server has, in one snapshot, while zones go on.</summary>
    /// <exception cref="StartException">It cannot be read.</exception>
    public static Verification Verify(ZoneSettings settings, LinkTrust trust, TimeProvider time, Action<string> progress)
    {
        try
        {
            using IZoneDatabase database = settings.Postgres is { } postgres
                ? PostgresDatabase.Open(postgres, isToRead: true)
                : SqlServerDatabase.Open(settings.SqlServer!, isSnapshot: true);
            return database.Read(tables => new StoreVerifier(
                tables, trust.Cluster, new WalkedKeys((der, at) => LedgerCertificates.Identify(der, trust, at)), time.GetUtcNow(),
                progress).Run());
        }
        catch (StoreException fault)
        {
            throw new StartException($"{settings.StoreDisplay}: {fault.Message}");
        }
    }
}
