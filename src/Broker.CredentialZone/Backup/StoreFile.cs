using System.Text;
using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Sqlite;
using Broker.CredentialZone.Store;
using Broker.Host;
using Broker.Links.Identity;

namespace Broker.CredentialZone.Backup;

/// <summary>Verifies one database file: the database's own check, then everything that <see cref="StoreVerifier"/> looks at.</summary>
internal static class StoreFile
{
    /// <summary>Verifies.</summary>
    /// <param name="path">The file.</param>
    /// <param name="isLive">Whether a zone may be writing to it: then it is read in one snapshot, and logs beside it count.</param>
    /// <param name="trust">The installation's root.</param>
    /// <param name="time">The clock.</param>
    /// <param name="progress">Told each customer.</param>
    /// <exception cref="StartException">It cannot be read at all.</exception>
    public static Verification Verify(string path, bool isLive, LinkTrust trust, TimeProvider time, Action<string> progress)
    {
        if (!File.Exists(path))
        {
            throw new StartException($"{path} does not exist; name a backup that broker-zone backup made");
        }

        try
        {
            using var connection = isLive ? new SqliteConnectionHandle(path, readOnly: true) : SqliteConnectionHandle.OpenUnchanging(path);
            connection.Script("PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF");
            connection.Run("BEGIN");
            SqliteSchema.Check(connection);
            var verified = new StoreVerifier(
                new SqliteReader(connection), trust.Cluster, new WalkedKeys((der, at) => LedgerCertificates.Identify(der, trust, at)),
                time.GetUtcNow(), progress).Run();
            if (OwnCheck(connection) is { } problem)
            {
                verified.Add("", RefusalCode.RecordAltered, $"the database's own check says: {problem}");
            }

            return verified;
        }
        catch (StoreException fault)
        {
            throw new StartException($"{path}: {fault.Message}");
        }
    }

    private static string? OwnCheck(SqliteConnectionHandle connection)
    {
        var problems = new StringBuilder();
        using var q = connection.Use("PRAGMA integrity_check(3)");
        while (q.Step())
        {
            problems.Append(problems.Length > 0 ? "; " : "").Append(q.Text(0));
        }

        return problems.ToString() is "ok" ? null : problems.ToString();
    }
}
