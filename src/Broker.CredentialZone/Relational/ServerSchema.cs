using System.Buffers.Binary;
using Broker.CredentialZone.Store;

namespace Broker.CredentialZone.Relational;

/// <summary>What the tables of PostgreSQL and SQL Server have in common: their version, the steps to it, who needs which rights.</summary>
internal static class ServerSchema
{
    /// <summary>The version that this program reads and writes.</summary>
    public const uint Version = 1;

    /// <summary>
    /// The earliest version whose programs run on these tables too. A step leads on while the programs of the version before it run: what
    /// it adds they need not know, and what it takes away they no longer used. So all zones come from one version to the next in turn.
    /// </summary>
    public const uint Oldest = Version > 1 ? Version - 1 : Version;

    /// <summary>Where the version is noted among the settings.</summary>
    public const string Key = "schema-version";

    /// <summary>Where <see cref="Oldest"/> is noted; where nothing is, it is the version itself.</summary>
    public const string OldestKey = "schema-oldest";

    /// <summary>
    /// The rights of a node on each table. Nothing of the ledger can be changed or removed, no customer, hand-off or chain be removed.
    /// </summary>
    public static IReadOnlyList<(string Table, string Rights)> Rights { get; } =
    [
        ("meta", "SELECT, INSERT, UPDATE"),
        ("customers", "SELECT, INSERT, UPDATE"),
        ("chains", "SELECT, INSERT, UPDATE"),
        ("entries", "SELECT, INSERT, UPDATE, DELETE"),
        ("nodes", "SELECT, INSERT, UPDATE, DELETE"),
        ("hand_offs", "SELECT, INSERT, UPDATE"),
        ("idempotency", "SELECT, INSERT, UPDATE, DELETE"),
        ("invitations", "SELECT, INSERT, UPDATE, DELETE"),
        ("generations", "SELECT, INSERT, UPDATE, DELETE"),
        ("batches", "SELECT, INSERT"),
        ("blocks", "SELECT, INSERT"),
    ];

    /// <summary>The text of the step that leads to a version.</summary>
    /// <param name="engine"><c>postgresql</c> or <c>sqlserver</c>.</param>
    /// <param name="version">From 1.</param>
    public static string Step(string engine, uint version)
    {
        using var stream = typeof(ServerSchema).Assembly.GetManifestResourceStream($"{engine}-{version}.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>Reads the noted version.</summary>
    /// <exception cref="StoreException">It is none.</exception>
    public static uint Read(byte[]? value) => value is { Length: 4 }
        ? BinaryPrimitives.ReadUInt32BigEndian(value)
        : throw new StoreException("the database has tables of a zone, and their version is not noted; name another database");

    /// <summary>Whether this program runs on the tables that were found.</summary>
    /// <param name="found">Their version; 0 where there are none.</param>
    /// <param name="oldest">What is noted by <see cref="OldestKey"/>, or null.</param>
    /// <exception cref="StoreException">It does not; the message says what to do.</exception>
    public static void Check(uint found, byte[]? oldest)
    {
        if (found < Version || found > Version + 1 || (found > Version && (oldest is null ? found : Read(oldest)) > Version))
        {
            throw Other(found);
        }
    }

    /// <summary>What is told of another version, and what to do.</summary>
    /// <param name="found">The version found; 0 where there are no tables.</param>
    public static StoreException Other(uint found) => 0 switch
    {
        _ when found == 0 => new("the database has no tables of a zone yet; run broker-zone migrate"),
        _ when found < Version => new($"the database is of schema version {found}, this program needs {Version}; run broker-zone migrate"),
        _ => new($"the database is of schema version {found} and this program knows {Version}; install a newer broker-zone"),
    };
}
