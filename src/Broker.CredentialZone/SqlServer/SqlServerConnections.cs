using System.Data;
using Broker.CredentialZone.Relational;
using Broker.CredentialZone.Store;
using Microsoft.Data.SqlClient;

namespace Broker.CredentialZone.SqlServer;

/// <summary>Opens connections: always by TLS, with the server's certificate and name verified by the system's authorities.</summary>
internal sealed class SqlServerConnections
{
    private readonly SqlServerOptions _options;
    private readonly string _text;

    /// <summary>Makes the pool; nothing is connected yet.</summary>
    /// <exception cref="StoreException">The password file cannot be used.</exception>
    public SqlServerConnections(SqlServerOptions options)
        : this(options, Text(options, ServerPassword.Read(options.PasswordFile)))
    {
    }

    /// <summary>As the other, with a connection string that is brought to the same rules.</summary>
    internal SqlServerConnections(SqlServerOptions options, string text) => (_options, _text) = (options, text);

    /// <summary>The connection string.</summary>
    /// <param name="options">The server.</param>
    /// <param name="password">The login's password.</param>
    internal static string Text(SqlServerOptions options, string password) => Ruled(
        new SqlConnectionStringBuilder
        {
            DataSource = $"tcp:{options.Host},{options.Port}",
            InitialCatalog = options.Database,
            UserID = options.User,
            Password = password,
        },
        options);

    /// <summary>What holds for every connection string, whatever it said.</summary>
    internal static string Ruled(SqlConnectionStringBuilder text, SqlServerOptions options)
    {
        text.ApplicationName = "broker-zone";
        text.Encrypt = true;
        text.TrustServerCertificate = false;
        text.MultipleActiveResultSets = false;
        text.PersistSecurityInfo = false;
        text.Enlist = false;
        text.Pooling = true;
        text.MinPoolSize = 0;
        text.MaxPoolSize = options.Readers + 2;
        text.MultiSubnetFailover = true;

        // A connection that comes back by itself would come back without its transaction.
        text.ConnectRetryCount = 0;
        text.ConnectTimeout = Math.Max(1, (int)Math.Ceiling(options.Deadline.TotalSeconds));
        return text.ConnectionString;
    }

    /// <summary>Opens a connection on which an error ends the transaction, and a lock is waited for no longer than the deadline.</summary>
    /// <exception cref="StoreException">It cannot be opened.</exception>
    public SqlConnection Open()
    {
        var connection = new SqlConnection(_text);
        try
        {
            connection.Open();
            using var command = new SqlCommand(
                $"SET XACT_ABORT ON; SET NOCOUNT OFF; SET LOCK_TIMEOUT {(int)_options.Deadline.TotalMilliseconds}", connection);
            command.ExecuteNonQuery();
            return connection;
        }
        catch (Exception fault) when (fault is not OutOfMemoryException)
        {
            connection.Dispose();
            throw SqlServerFaults.Of(fault);
        }
    }

    /// <summary>Makes a command; each parameter has the type and the length of its kind.</summary>
    public SqlCommand Command(SqlConnection connection, SqlTransaction? transaction, string sql, ReadOnlySpan<SqlValue> values)
    {
        var command = new SqlCommand(SqlServerParameters.Named(sql), connection, transaction)
        {
            CommandType = CommandType.Text,
            CommandTimeout = Math.Max(1, (int)Math.Ceiling(_options.Deadline.TotalSeconds)) + 5,
        };
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters.Add(SqlServerParameters.Of(i + 1, values[i]));
        }

        return command;
    }
}
