using Broker.CredentialZone.Store;
using Npgsql;

namespace Broker.CredentialZone.Postgres;

/// <summary>
/// Whether the server keeps what it acknowledges: it writes before it answers, and a standby that may take its place has it too. Looked
/// at with each connection that writes; the first of these settings again with each transaction.
/// </summary>
internal static class PostgresDurability
{
    /// <summary>What is looked at with each transaction.</summary>
    public const string Statement = "SELECT current_setting('synchronous_commit')";

    private const string All =
        "SELECT current_setting('synchronous_commit'), current_setting('fsync'), current_setting('full_page_writes'), " +
        "current_setting('synchronous_standby_names'), (SELECT count(*) FROM pg_stat_replication), pg_is_in_recovery()";

    private const string Otherwise = ", or accept that acknowledged changes may be lost: broker.zone.store.server.accept-loss = yes";

    /// <summary>Looks at the server.</summary>
    /// <exception cref="StoreException">It may lose what it acknowledges, and that is not accepted.</exception>
    public static void Check(NpgsqlConnection connection, bool acceptLoss)
    {
        using var command = new NpgsqlCommand(All, connection);
        using var reader = command.ExecuteReader();
        reader.Read();
        if (reader.GetBoolean(5))
        {
            throw new TransientStoreException("the database server is a standby and takes no writes; name the primary");
        }

        if (!acceptLoss)
        {
            CheckCommit(reader.GetString(0));
            Need(reader.GetString(1) == "on", "writes without fsync; set fsync = on");
            Need(reader.GetString(2) == "on", "writes without full pages; set full_page_writes = on");
            Need(
                reader.GetString(3).Length > 0 || reader.GetInt64(4) == 0,
                "has standbys and waits for none of them; name them in synchronous_standby_names");
        }
    }

    /// <summary>Judges <c>synchronous_commit</c>.</summary>
    /// <exception cref="StoreException">It lets the server answer before it has written.</exception>
    public static void CheckCommit(string setting) => Need(
        setting is "on" or "remote_apply",
        $"acknowledges before it has written (synchronous_commit = {setting}); set it to on for the zone's role");

    private static void Need(bool holds, string problem)
    {
        if (!holds)
        {
            throw new StoreException($"the database server {problem}{Otherwise}");
        }
    }
}
