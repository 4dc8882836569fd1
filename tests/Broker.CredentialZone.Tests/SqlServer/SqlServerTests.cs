using System.Collections.Concurrent;
using Broker.CredentialZone.Relational;
using Broker.CredentialZone.SqlServer;
using Broker.CredentialZone.Store;
using Broker.TestKit;
using Microsoft.Data.SqlClient;

namespace Broker.CredentialZone.Tests.SqlServer;

/// <summary>
/// Databases on the server that <c>BROKER_TEST_SQLSERVER</c> names by a connection string of a login that may create databases. The rules
/// for connections hold for it too: its certificate is one that the system's authorities believe. The driver needs ICU.
/// </summary>
internal static class SqlServerTests
{
    private static readonly ConcurrentDictionary<string, string> Databases = new();
    private static readonly string Run = $"{Environment.ProcessId}_{TimeProvider.System.GetTimestamp()}";
    private static int _count;

    /// <summary>Opens the database of a directory, makes it where there is none; the test is skipped without a server.</summary>
    public static Func<string, IZoneDatabase> Open => directory =>
    {
        var text = Environment.GetEnvironmentVariable("BROKER_TEST_SQLSERVER");
        Skip.If(string.IsNullOrEmpty(text), "BROKER_TEST_SQLSERVER holds no connection string of a SQL Server");
        var database = Databases.GetOrAdd(directory, _ => Make(text!));
        return SqlServerDatabase.Open(Options(database), Connections(text!, database));
    };

    private static string Make(string text)
    {
        var name = $"broker_{Run}_{Interlocked.Increment(ref _count)}";
        using (var master = Connections(text, "master").Open())
        {
            // Every other one reads row versions under READ COMMITTED: the zone has to be right with both.
            using var create = new SqlCommand($"CREATE DATABASE [{name}]; ALTER DATABASE [{name}] SET ALLOW_SNAPSHOT_ISOLATION ON; " +
                $"ALTER DATABASE [{name}] SET READ_COMMITTED_SNAPSHOT {(_count % 2 == 0 ? "ON" : "OFF")}", master);
            create.ExecuteNonQuery();
        }

        using var connection = Connections(text, name).Open();
        Assert.Equal(0u, SqlServerSchema.Migrate(connection));
        Assert.Equal(ServerSchema.Version, SqlServerSchema.Migrate(connection));
        return name;
    }

    private static SqlServerOptions Options(string database) =>
        new("", 1433, database, "", "", 3, 1L << 40, Patience.Limit, Patience.Limit, AcceptLoss: false);

    private static SqlServerConnections Connections(string text, string database) => new(
        Options(database),
        SqlServerConnections.Ruled(new SqlConnectionStringBuilder(text) { InitialCatalog = database }, Options(database)));
}
