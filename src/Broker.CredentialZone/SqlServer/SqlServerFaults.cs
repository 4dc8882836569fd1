using System.ComponentModel;
using System.Globalization;
using Broker.CredentialZone.Store;
using Microsoft.Data.SqlClient;

namespace Broker.CredentialZone.SqlServer;

/// <summary>What the driver throws, as what it means to the store.</summary>
internal static class SqlServerFaults
{
    // Deadlock, timeout of a lock, a snapshot that another overtook; a key that another node inserted between two statements of this one.
    private static readonly HashSet<int> Overtaken = [1205, 1222, 3960, 2601, 2627];

    // The server stops, starts, moves to another node, or takes no writes here any more.
    private static readonly HashSet<int> Moving =
        [596, 617, 669, 921, 926, 976, 978, 979, 982, 983, 3906, 4060, 4221, 6005, 18401, 40143, 40197, 40501, 40540, 40613, 41325, 49918,
            49919, 49920];

    private static readonly HashSet<int> Full = [1101, 1105, 9002, 40544];

    // What the transport says: its numbers are those of the system.
    private static readonly HashSet<int> Transport = [-2, -1, 0, 2, 20, 53, 64, 121, 233, 258, 10053, 10054, 10060, 10061, 11001];

    /// <summary>Of a statement before the commit: nothing was kept.</summary>
    public static StoreException Of(Exception fault) => fault switch
    {
        StoreException known => known,
        SqlException e when Full.Contains(e.Number) => new StoreFullException("the database is full", fault),
        SqlException { Number: 229 or 230 } e => new StoreException(
            $"the database refuses the zone's login ({e.Number}); run broker-zone migrate --grants", fault),
        CultureNotFoundException or NotSupportedException => new StoreException(
            "SQL Server's driver needs the system's cultures: install libicu, and publish broker-zone with -p:InvariantGlobalization=false",
            fault),
        SqlException { Number: 18456 } => new StoreException("the database refuses the zone's login; correct user or password-file", fault),
        SqlException { Number: 3952 } => new StoreException(
            "the database does not take snapshots: ALTER DATABASE … SET ALLOW_SNAPSHOT_ISOLATION ON, or verify a restored backup", fault),
        SqlException e when IsUntrusted(e) => new StoreException(
            $"the server's certificate is not believed ({e.Number}); add its authority to the system's, and name the server as it does",
            fault),
        SqlException e when IsTransient(e) => new TransientStoreException($"the database ended the transaction ({e.Number})", fault),
        SqlException e => new StoreException($"the database failed ({e.Number}, class {e.Class})", fault),
        InvalidOperationException or IOException or TimeoutException or Win32Exception =>
            new TransientStoreException($"the connection to the database failed ({fault.Message})", fault),
        _ => new StoreException($"the database failed ({fault.Message})", fault),
    };

    /// <summary>Of the commit itself: only what the server itself says that it took back is known not to have been kept.</summary>
    public static Exception OfCommit(Exception fault) => fault is SqlException { Number: 1205 or 3960 }
        ? Of(fault)
        : new UnknownCommitException($"the end of the commit is not known ({fault.Message})", fault);

    /// <summary>Whether a number is one after which the same may succeed.</summary>
    internal static bool IsTransient(int number, int severity) =>
        Overtaken.Contains(number) || Moving.Contains(number) || Transport.Contains(number) || severity >= 20;

    private static bool IsTransient(SqlException e) => IsTransient(e.Number, e.Class);

    // -2146893019: the chain is not trusted; the handshake's other failures come with 0, 20 or 31 and an authentication fault within.
    private static bool IsUntrusted(SqlException e) =>
        e.Number == -2146893019 || e.InnerException is System.Security.Authentication.AuthenticationException ||
        e.InnerException?.InnerException is System.Security.Authentication.AuthenticationException;
}
