using System.Net.Sockets;
using System.Security.Authentication;
using Broker.CredentialZone.Store;
using Npgsql;

namespace Broker.CredentialZone.Postgres;

/// <summary>What the driver throws, as what it means to the store.</summary>
internal static class PostgresFaults
{
    /// <summary>Of a statement before the commit: nothing was kept.</summary>
    public static StoreException Of(Exception fault) => fault switch
    {
        StoreException known => known,
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => new StoreFullException("the database's disk is full", fault),
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } e => new StoreException(
            $"the database refuses the zone's role ({e.SqlState}: {e.MessageText}); run broker-zone migrate --grants", fault),
        PostgresException e when IsTransient(e) =>
            new TransientStoreException($"the database ended the transaction ({e.SqlState}: {e.MessageText})", fault),
        PostgresException e => new StoreException($"the database failed ({e.SqlState}: {e.MessageText})", fault),
        NpgsqlException { InnerException: AuthenticationException inner } => new StoreException(
            $"the database's certificate is not believed ({inner.Message}); name its authority in root-certificate", fault),
        NpgsqlException or IOException or SocketException or TimeoutException =>
            new TransientStoreException($"the connection to the database failed ({fault.Message})", fault),
        _ => new StoreException($"the database failed ({fault.Message})", fault),
    };

    /// <summary>Of the commit itself: only what the server itself says that it took back is known not to have been kept.</summary>
    public static Exception OfCommit(Exception fault) =>
        fault is PostgresException { SqlState: ['4', '0', ..] or ['2', '3', ..] and not PostgresErrorCodes.StatementCompletionUnknown }
            ? Of(fault)
            : new UnknownCommitException($"the end of the commit is not known ({fault.Message})", fault);

    /// <summary>Whether the connection can be used no more.</summary>
    public static bool EndsConnection(Exception fault) =>
        fault is not PostgresException e || e.SqlState.StartsWith("57P", StringComparison.Ordinal) ||
        e.InvariantSeverity is "FATAL" or "PANIC";

    // Serialization failures and deadlocks; a timeout of a lock; a server that stops or starts or takes no writes any more; no connection
    // left; and a key that another node inserted between two statements of this one.
    private static bool IsTransient(PostgresException e) => e.SqlState switch
    {
        ['4', '0', ..] or ['0', '8', ..] or ['5', '7', ..] => true,
        PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.UniqueViolation or
            PostgresErrorCodes.ReadOnlySqlTransaction or "25P03" => true,
        _ => false,
    };
}
