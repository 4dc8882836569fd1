using System.Text;

namespace Broker.EndToEnd.Tests.Harness;

/// <summary>
/// What <c>brokerctl ca</c> and <c>brokerctl key</c> make, once for all tests: an installation, a second one that is foreign to it, keys of
/// users and custodians. They say nothing of ports, so that each test's cluster takes a copy.
/// </summary>
public sealed class Certificates : IAsyncLifetime
{
    public const string Collection = "clusters";

    internal static readonly string[] Users = ["alice", "olga", "bob"];
    internal static readonly string[] Custodians = ["carol", "dave", "erin"];

    private readonly string _directory = Directory.CreateTempSubdirectory("broker-e2e-ca.").FullName;

    internal string Ca => Path.Combine(_directory, "ca");

    internal string ForeignCa => Path.Combine(_directory, "foreign");

    /// <summary>A profile that holds nothing but keys.</summary>
    internal string Keys => Path.Combine(_directory, "keys");

    public async Task InitializeAsync()
    {
        var passphrase = Path.Combine(_directory, "passphrase");
        await using (var file = new FileStream(passphrase, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            await file.WriteAsync(Encoding.ASCII.GetBytes("not a secret: the root of a test\n"));
        }

        await IssueAsync(Ca, passphrase, "installation");
        await IssueAsync(ForeignCa, passphrase, "foreign");
        var keys = new Brokerctl(Keys);
        foreach (var user in Users)
            await keys.OkAsync("key", "new", "user", "--name", user);
        foreach (var custodian in Custodians)
            await keys.OkAsync("key", "new", "custodian", "--name", custodian);
    }

    public Task DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        return Task.CompletedTask;
    }

    private static async Task IssueAsync(string directory, string passphrase, string name)
    {
        var ca = new Brokerctl(directory + ".none");
        await ca.OkAsync("ca", "init", "--directory", directory, "--passphrase-file", passphrase, "--name", name);
        foreach (var issue in new string[][]
        {
            ["node", "--role", "zone", "--name", "zone-1"],
            ["node", "--role", "zone", "--name", "zone-2"],
            ["node", "--role", "dmz", "--name", "dmz-1"],
            ["node", "--role", "dmz", "--name", "dmz-2"],
            ["node", "--role", "dmz", "--name", "dmz-3"],
            ["ledger", "--name", "ledger-1"],
            ["agent-issuer", "--name", "agents-1"],
            ["console", "--name", "console-1", "--enrol"],
            ["console", "--name", "console-2"],
            ["node", "--role", "dmz", "--name", "proxy-1"],
        })
        {
            await ca.OkAsync(["ca", "issue", .. issue, "--directory", directory, "--passphrase-file", passphrase]);
        }
    }
}

/// <summary>
/// All tests with processes are one collection: they run one after another, two cores have enough to do with one cluster.
/// </summary>
[CollectionDefinition(Certificates.Collection)]
#pragma warning disable CA1711 // xunit's own term for what this is.
public sealed class CertificatesCollection : ICollectionFixture<Certificates>;
#pragma warning restore CA1711
