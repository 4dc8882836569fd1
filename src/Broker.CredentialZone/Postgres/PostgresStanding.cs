using Broker.CredentialZone.Store;
using Npgsql;

namespace Broker.CredentialZone.Postgres;

/// <summary>What a PostgreSQL server says of its standbys. How far behind they are it says to members of pg_read_all_stats alone.</summary>
internal static class PostgresStanding
{
    private const string Replication =
        "SELECT count(*), count(flush_lsn) FILTER (WHERE state IS NOT NULL), " +
        "coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), flush_lsn)), 0)::bigint, " +
        "coalesce(max(extract(epoch from flush_lag) * 1000), 0)::bigint FROM pg_stat_replication";

    /// <summary>Asks the server of a connection.</summary>
    public static DatabaseStanding Of(NpgsqlConnection connection)
    {
        var schema = PostgresSchema.Check(connection);
        var row = new PostgresSession(connection).Query(Replication)[0];
        var (all, visible) = (row.Int64(0), row.Int64(1));
        return new DatabaseStanding(
            "postgresql", schema, (uint)all,
            all > 0 && visible == all
                ? new ReplicationLag((ulong)Math.Max(row.Int64(2), 0), TimeSpan.FromMilliseconds(row.Int64(3)))
                : null);
    }
}
