using Broker.CredentialZone.Relational;
using Broker.CredentialZone.Store;
using Npgsql;

namespace Broker.CredentialZone.Postgres;

/// <summary>
/// Whether the server keeps what it acknowledges: it writes before it answers, and a standby that may take its place has it too. Looked
/// at with each connection that writes and with every 64th batch; the setting that changes most easily, with each batch.
/// </summary>
internal static class PostgresDurability
{
    /// <summary>What is looked at with each batch: one column, for <see cref="JudgeCommit"/>.</summary>
    public const string Commit = "SELECT current_setting('synchronous_commit')";

    /// <summary>What is looked at now and then, for <see cref="Judge"/>.</summary>
    public const string All =
        "SELECT current_setting('synchronous_commit'), current_setting('fsync'), current_setting('full_page_writes'), " +
        "current_setting('synchronous_standby_names'), (SELECT count(*) FROM pg_stat_replication), pg_is_in_recovery()::int";

    private const string Otherwise = ", or accept that acknowledged changes may be lost: broker.zone.store.server.accept-loss = yes";

    /// <summary>Looks at the server of a connection.</summary>
    /// <exception cref="StoreException">It may lose what it acknowledges, and that is not accepted.</exception>
    public static void Check(NpgsqlConnection connection, bool acceptLoss) =>
        Judge(new PostgresSession(connection).Query(All)[0], acceptLoss);

    /// <summary>Judges what <see cref="All"/> returned.</summary>
    /// <exception cref="StoreException">It may lose what it acknowledges, and that is not accepted.</exception>
    public static void Judge(SqlRow row, bool acceptLoss)
    {
        if (row.Int64(5) != 0)
        {
            throw new TransientStoreException("the database server is a standby and takes no writes; name the primary");
        }

        if (!acceptLoss)
        {
            JudgeCommit(row);
            Need(row.Text(1) == "on", "writes without fsync; set fsync = on");
            Need(row.Text(2) == "on", "writes without full pages; set full_page_writes = on");
            Need(
                row.Text(3).Length > 0 || row.Int64(4) == 0,
                "has standbys and waits for none of them; name them in synchronous_standby_names");
        }
    }

    /// <summary>Judges what <see cref="Commit"/> returned.</summary>
    /// <exception cref="StoreException">The server answers before it has written.</exception>
    public static void JudgeCommit(SqlRow row) => Need(
        row.Text(0) is "on" or "remote_apply",
        $"acknowledges before it has written (synchronous_commit = {row.Text(0)}); set it to on for the zone's role");

    private static void Need(bool holds, string problem)
    {
        if (!holds)
        {
            throw new StoreException($"the database server {problem}{Otherwise}");
        }
    }
}
