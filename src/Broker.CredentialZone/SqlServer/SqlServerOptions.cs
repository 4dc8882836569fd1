namespace Broker.CredentialZone.SqlServer;

/// <summary>Which SQL Server the zone writes to, and how.</summary>
/// <param name="Host">The server, or the listener of an availability group; its certificate is of this name.</param>
/// <param name="Port">The port.</param>
/// <param name="Database">The database.</param>
/// <param name="User">The login.</param>
/// <param name="PasswordFile">A file with its password and mode 0600.</param>
/// <param name="Readers">Most reads at a time.</param>
/// <param name="MaxBytes">Size of the data beyond which nothing but outcomes is accepted; 0 leaves it to the server.</param>
/// <param name="Deadline">Of a connection and of a statement.</param>
/// <param name="Patience">How long something is tried again that a lost connection or a deadlock ended.</param>
/// <param name="AcceptLoss">Whether a server is taken that may lose what it acknowledged.</param>
internal sealed record SqlServerOptions(
    string Host,
    int Port,
    string Database,
    string User,
    string PasswordFile,
    int Readers,
    long MaxBytes,
    TimeSpan Deadline,
    TimeSpan Patience,
    bool AcceptLoss)
{
    /// <summary>What is said wherever this store is spoken of, until the suite of the contract has run on a server.</summary>
    public const string Standing = "written for SQL Server, conformance not yet run";

    /// <summary>For messages: which database it is, without a secret.</summary>
    public string Display => $"sqlserver {Host} {Database}";
}
