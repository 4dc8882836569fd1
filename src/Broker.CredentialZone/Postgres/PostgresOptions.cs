namespace Broker.CredentialZone.Postgres;

/// <summary>Which PostgreSQL the zone writes to, and how.</summary>
/// <param name="Hosts">
/// Servers, <c>host</c> or <c>host:port</c>, reached by verified TLS; or one directory, which is that of a Unix socket. Of several the
/// one that takes writes is used.
/// </param>
/// <param name="Port">Of a host that names none, and of the socket.</param>
/// <param name="Database">The database.</param>
/// <param name="User">The role.</param>
/// <param name="PasswordFile">A file with its password and mode 0600, or null: then certificate or operating system say who it is.</param>
/// <param name="Root">The certificate of the authority under which the server's is. Not with a socket.</param>
/// <param name="Certificate">The role's own certificate, or null.</param>
/// <param name="Key">Its key, or null.</param>
/// <param name="Readers">Most reads at a time.</param>
/// <param name="MaxBytes">Size of the database beyond which nothing but outcomes is accepted; 0 leaves it to the server's disk.</param>
/// <param name="Deadline">Of a connection and of a statement; also how long a session may stand still with rows locked.</param>
/// <param name="Patience">How long something is tried again that a lost connection or a deadlock ended.</param>
/// <param name="AcceptLoss">Whether a server is taken that may lose what it acknowledged.</param>
internal sealed record PostgresOptions(
    IReadOnlyList<string> Hosts,
    int Port,
    string Database,
    string User,
    string? PasswordFile,
    string? Root,
    string? Certificate,
    string? Key,
    int Readers,
    long MaxBytes,
    TimeSpan Deadline,
    TimeSpan Patience,
    bool AcceptLoss)
{
    /// <summary>The schema in which the tables are.</summary>
    public const string Schema = "broker_zone";

    /// <summary>Whether it is reached by a Unix socket.</summary>
    public bool IsSocket => Hosts is [['/', ..]];

    /// <summary>For messages: which database it is, without a secret.</summary>
    public string Display => $"postgresql {string.Join(',', Hosts)} {Database}";
}
