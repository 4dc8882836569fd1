using Broker.CredentialZone.Store;
using Microsoft.Data.SqlClient;

namespace Broker.CredentialZone.SqlServer;

/// <summary>Whether the server keeps what it acknowledges, looked at with each connection that writes.</summary>
internal static class SqlServerDurability
{
    private const string Statement =
        """
        SELECT CAST(d.delayed_durability AS int), CAST(d.is_read_only AS int), CASE WHEN d.replica_id IS NULL THEN 0 ELSE 1 END,
            (SELECT COUNT(*) FROM sys.availability_replicas),
            (SELECT COUNT(*) FROM sys.availability_replicas r WHERE r.availability_mode = 0
                AND r.group_id = (SELECT group_id FROM sys.availability_replicas WHERE replica_id = d.replica_id))
        FROM sys.databases d WHERE d.database_id = DB_ID()
        """;

    private const string Otherwise = ", or accept that acknowledged changes may be lost: broker.zone.store.server.accept-loss = yes";

    /// <summary>Looks at the server.</summary>
    /// <exception cref="StoreException">It may lose what it acknowledges, and that is not accepted.</exception>
    public static void Check(SqlConnection connection, bool acceptLoss)
    {
        try
        {
            using var command = new SqlCommand(Statement, connection);
            using var reader = command.ExecuteReader();
            if (!reader.Read() || reader.GetInt32(1) != 0)
            {
                throw new TransientStoreException("the database takes no writes; name the primary, or the group's listener");
            }

            if (!acceptLoss)
            {
                Judge(reader.GetInt32(0), reader.GetInt32(2) != 0, reader.GetInt32(3), reader.GetInt32(4));
            }
        }
        catch (SqlException fault)
        {
            throw SqlServerFaults.Of(fault);
        }
    }

    /// <summary>Judges what was read.</summary>
    /// <param name="delayedDurability">2 where every commit is acknowledged before it is written.</param>
    /// <param name="isReplicated">Whether the database is in an availability group.</param>
    /// <param name="visible">Replicas that this login may see.</param>
    /// <param name="asynchronous">Those of the group that are not waited for.</param>
    /// <exception cref="StoreException">It may lose what it acknowledges.</exception>
    internal static void Judge(int delayedDurability, bool isReplicated, int visible, int asynchronous)
    {
        var problem = 0 switch
        {
            _ when delayedDurability == 2 => "acknowledges before it has written; ALTER DATABASE … SET DELAYED_DURABILITY = DISABLED",
            _ when isReplicated && visible == 0 =>
                "is in an availability group that the zone's login may not see; GRANT VIEW ANY DEFINITION to it",
            _ when asynchronous > 0 => "has replicas that it does not wait for; make them SYNCHRONOUS_COMMIT",
            _ => null,
        };
        if (problem is not null)
        {
            throw new StoreException($"the database server {problem}{Otherwise}");
        }
    }
}
