using Broker.Configuration;
using Broker.CredentialZone.Postgres;
using Broker.CredentialZone.Sqlite;
using Broker.CredentialZone.SqlServer;

namespace Broker.CredentialZone.Node;

/// <summary>The section <c>broker.zone.store.server</c>: a database server, and how it is reached.</summary>
/// <param name="Hosts">Its servers, or the directory of a Unix socket.</param>
/// <param name="Port">The port.</param>
/// <param name="Database">The database.</param>
/// <param name="User">The role.</param>
/// <param name="PasswordFile">The file with its password, or null.</param>
/// <param name="Root">The authority of the server's certificate, or null.</param>
/// <param name="Certificate">The role's certificate, or null.</param>
/// <param name="Key">Its key, or null.</param>
/// <param name="Deadline">Of a connection and of a statement.</param>
/// <param name="Patience">How long something is tried again.</param>
/// <param name="AcceptLoss">Whether the server may lose what it acknowledged.</param>
/// <param name="Common">What every store has: readers and size.</param>
internal sealed record ServerSettings(
    IReadOnlyList<string> Hosts, int Port, string Database, string User, string? PasswordFile, string? Root, string? Certificate,
    string? Key, TimeSpan Deadline, TimeSpan Patience, bool AcceptLoss, SqliteOptions Common)
{
    private const int MaxHosts = 8;

    /// <summary>Reads the section; what does not go together is a problem of the reader's.</summary>
    /// <param name="server">At the section.</param>
    /// <param name="kind"><c>postgresql</c> or <c>sqlserver</c>.</param>
    /// <param name="common">What every store has.</param>
    public static ServerSettings Read(SettingsReader server, string kind, SqliteOptions common)
    {
        var isPostgres = kind == "postgresql";
        var settings = new ServerSettings(
            server.TextList("hosts"), server.OptionalInteger("port", 1, 65535) ?? (isPostgres ? 5432 : 1433), server.Text("database"),
            server.Text("user"), server.OptionalPath("password-file"), server.OptionalPath("root-certificate"),
            server.OptionalPath("certificate"), server.OptionalPath("key"),
            server.Duration("deadline", TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)),
            server.Duration("patience", TimeSpan.Zero, TimeSpan.FromMinutes(1)), server.Boolean("accept-loss"), common);
        if (settings.Hosts.Count is 0 or > MaxHosts || settings.Hosts.Any(static h => h.Length == 0 || h.AsSpan().IndexOfAny(",;=") >= 0))
        {
            server.AddProblem("hosts", $"name 1 to {MaxHosts} servers, host or host:port, or the directory of a Unix socket");
        }
        else if (isPostgres)
        {
            CheckPostgres(server, settings);
        }
        else
        {
            CheckSqlServer(server, settings);
        }

        return settings;
    }

    /// <summary>For PostgreSQL.</summary>
    public PostgresOptions Postgres() => new(
        Hosts, Port, Database, User, PasswordFile, Root, Certificate, Key, Common.Readers, Common.MaxBytes, Deadline, Patience, AcceptLoss);

    /// <summary>For SQL Server.</summary>
    public SqlServerOptions SqlServer() => new(
        Hosts.Count > 0 ? Hosts[0] : "", Port, Database, User, PasswordFile ?? "", Common.Readers, Common.MaxBytes, Deadline, Patience,
        AcceptLoss);

    private static void CheckPostgres(SettingsReader server, ServerSettings settings)
    {
        var sockets = settings.Hosts.Count(static h => h.StartsWith('/'));
        if (sockets > 0 && settings.Hosts.Count > 1)
        {
            server.AddProblem("hosts", "a Unix socket stands alone; name its directory, or servers");
        }
        else if (sockets == 0 && settings.Root is null)
        {
            server.AddProblem("root-certificate", "the server's certificate is verified; name the authority under which it is");
        }

        if (settings.Certificate is null != settings.Key is null)
        {
            server.AddProblem("key", "certificate and key go together; set both or neither");
        }
    }

    private static void CheckSqlServer(SettingsReader server, ServerSettings settings)
    {
        if (settings.Hosts.Count > 1 || settings.Hosts[0].StartsWith('/'))
        {
            server.AddProblem("hosts", "name one server, or the listener of an availability group");
        }

        if (settings.PasswordFile is null)
        {
            server.AddProblem("password-file", "SQL Server needs a login with its password; name the file");
        }

        if (settings.Root is not null || settings.Certificate is not null || settings.Key is not null)
        {
            server.AddProblem(
                "root-certificate",
                "SQL Server's certificate is verified by the system's authorities; add its authority there, and leave this out");
        }
    }
}
