using System.Globalization;
using Broker.CredentialZone.Relational;
using Broker.CredentialZone.Store;
using Npgsql;

namespace Broker.CredentialZone.Postgres;

/// <summary>Makes the pool of connections: to a Unix socket, or by TLS with the server's certificate and name verified.</summary>
internal static class PostgresConnections
{
    /// <summary>Makes the pool; nothing is connected yet.</summary>
    /// <param name="options">The server.</param>
    /// <param name="isMigration">Whether tables are made: that takes as long as it takes.</param>
    /// <exception cref="StoreException">The password file cannot be used.</exception>
    public static NpgsqlDataSource Create(PostgresOptions options, bool isMigration = false)
    {
        var builder = new NpgsqlDataSourceBuilder(Text(options, isMigration));
        return options.Hosts.Count == 1 ? builder.Build() : builder.BuildMultiHost().WithTargetSession(TargetSessionAttributes.Primary);
    }

    /// <summary>The connection string.</summary>
    internal static string Text(PostgresOptions options, bool isMigration)
    {
        var deadline = (int)options.Deadline.TotalMilliseconds;
        var statement = isMigration ? 0 : deadline;
        var seconds = Math.Max(1, (int)Math.Ceiling(options.Deadline.TotalSeconds));
        var text = new NpgsqlConnectionStringBuilder
        {
            ApplicationName = "broker-zone",
            Host = string.Join(',', options.Hosts),
            Port = options.Port,
            Database = options.Database,
            Username = options.User,
            SearchPath = PostgresOptions.Schema,
            SslMode = options.IsSocket ? SslMode.Disable : SslMode.VerifyFull,
            RootCertificate = options.IsSocket ? null : options.Root,
            SslCertificate = options.IsSocket ? null : options.Certificate,
            SslKey = options.IsSocket ? null : options.Key,
            GssEncryptionMode = GssEncryptionMode.Disable,
            MinPoolSize = 0,
            MaxPoolSize = isMigration ? 2 : options.Readers + 2,
            Timeout = seconds,

            // The server ends a statement before the client gives up on it.
            CommandTimeout = isMigration ? 0 : seconds + 5,
            CancellationTimeout = 1000,
            MaxAutoPrepare = 100,
            AutoPrepareMinUsages = 2,
            NoResetOnClose = true,
            Enlist = false,

            // Details hold values of rows.
            IncludeErrorDetail = false,

            // A node that stands still while rows are locked would make all others wait.
            Options = string.Create(
                CultureInfo.InvariantCulture,
                $"-c statement_timeout={statement} -c lock_timeout={deadline} -c idle_in_transaction_session_timeout={deadline}"),
        };
        if (options.PasswordFile is { } file)
        {
            text.Password = ServerPassword.Read(file);
        }

        return text.ConnectionString;
    }
}
