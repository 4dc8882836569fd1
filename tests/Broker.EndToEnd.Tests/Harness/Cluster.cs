using Broker.EndToEnd.Tests.Client;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests.Harness;

/// <summary>
/// A whole broker on loopback: one process of each kind, everything on disk below one temporary directory, the agent's state on tmpfs.
/// Whatever happens, what was started is ended and what was written is removed.
/// </summary>
internal sealed partial class Cluster : IAsyncDisposable
{
    private const string CustomerName = "acme";

    private readonly List<BrokerProcess> _all = [];
    private readonly ClusterOptions _options;
    private ApiClient? _api;

    private Cluster(Certificates certificates, ClusterOptions options)
    {
        _options = options;
        Work = Directory.CreateTempSubdirectory("broker-e2e.").FullName;
        Volatile = Directory.CreateDirectory(
            Path.Combine("/dev/shm", Path.GetFileName(Work)),
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        foreach (var name in new[] { "zone", "dmz", "tmp" })
            Directory.CreateDirectory(Path.Combine(Work, name));
        Copy(certificates.Ca, Ca);
        Copy(certificates.ForeignCa, ForeignCa);
        Console = new Brokerctl(Path.Combine(Work, "profile"));
        Certificates = certificates;
    }

    public Certificates Certificates { get; }

    /// <summary>Everything on disk: databases, witnesses, configuration, the console's profile.</summary>
    public string Work { get; }

    /// <summary>Everything on tmpfs: the agent's state.</summary>
    public string Volatile { get; }

    public string Ca => Path.Combine(Work, "ca");

    public string ForeignCa => Path.Combine(Work, "foreign");

    public string Database => Path.Combine(Work, "zone", "zone.db");

    public string Witnesses => Path.Combine(Work, "dmz");

    public string Shares => Path.Combine(Work, "shares");

    public string AgentState => Path.Combine(Volatile, "agent");

    public int ZonePort { get; } = Ports.Next();

    public int ConsolePort { get; } = Ports.Next();

    public int AgentsPort { get; } = Ports.Next();

    public int EnrolmentPort { get; } = Ports.Next();

    /// <summary>Where the agent connects, when not straight to the DMZ node.</summary>
    public int? AgentDetour { get; set; }

    /// <summary>The console that the steps below use; a test may set another.</summary>
    public Brokerctl Console { get; set; }

    public BrokerProcess Zone { get; private set; } = null!;

    public BrokerProcess Dmz { get; private set; } = null!;

    public BrokerProcess Agent { get; private set; } = null!;

    /// <summary>The gateway without a process for each call.</summary>
    public ApiClient Api =>
        _api ??= new ApiClient(ConsolePort, $"{Ca}/console-1.crt", $"{Ca}/console-1.key", $"{Ca}/root.crt", CustomerName);

    public string InTemporary(string name) => Path.Combine(Work, "tmp", name);

    /// <summary>Starts zone and DMZ node, with a profile that holds all keys; no customer yet.</summary>
    public static async Task<Cluster> StartAsync(Certificates certificates, ClusterOptions? options = null)
    {
        var cluster = new Cluster(certificates, options ?? new ClusterOptions());
        try
        {
            cluster.StartZone();
            cluster.StartDmz();
            await cluster.MakeProfileAsync(cluster.Console);
            await cluster.DmzReadyAsync();
            return cluster;
        }
        catch (Exception problem)
        {
            var logs = cluster.Logs();
            await cluster.DisposeAsync();
            throw new InvalidOperationException($"the cluster did not start: {problem.Message}\n{logs}", problem);
        }
    }

    /// <summary>Runs a test's body; when it fails, the logs of all processes go into its output.</summary>
    public async Task RunAsync(ITestOutputHelper output, Func<Task> body)
    {
        try
        {
            await body();
        }
        catch
        {
            output.WriteLine(Logs());
            throw;
        }
    }

    public void StartZone()
    {
        File.WriteAllText(Path.Combine(Work, "zone.conf"), $$"""
            broker {
              {{Patient.Host}}
              tls { root = "{{Ca}}/root.crt", certificate = "{{Ca}}/zone-1.crt", key = "{{Ca}}/zone-1.key" }
              zone {
                listen = "127.0.0.1:{{ZonePort}}"
                store.path = "{{Database}}"
                ledger { certificate = "{{Ca}}/ledger-1.crt", key = "{{Ca}}/ledger-1.key" }
                {{_options.ZoneSettings}}
              }
            }
            """);
        Zone = Add(BrokerProcess.Start("zone", Executables.Zone, "--config", Path.Combine(Work, "zone.conf")));
    }

    public void StartDmz()
    {
        File.WriteAllText(Path.Combine(Work, "dmz.conf"), $$"""
            broker {
              {{Patient.Host}}
              tls { root = "{{Ca}}/root.crt", certificate = "{{Ca}}/dmz-1.crt", key = "{{Ca}}/dmz-1.key" }
              dmz {
                {{Patient.Dmz}}
                agent-issuer { certificate = "{{Ca}}/agents-1.crt", key = "{{Ca}}/agents-1.key" }
                state-directory = "{{Witnesses}}"
                console.listen = "127.0.0.1:{{ConsolePort}}"
                agents.listen = "127.0.0.1:{{AgentsPort}}"
                enrolment.listen = "127.0.0.1:{{EnrolmentPort}}"
                zone.addresses = [ "https://127.0.0.1:{{ZonePort}}" ]
                # A scanner cannot see memfd_secret pages: finding nothing there would show nothing.
                secrets.backing = mmap
                {{_options.DmzSettings}}
              }
            }
            """);
        string[] arguments = ["--config", Path.Combine(Work, "dmz.conf")];
        var (program, all) = _options.Wrap?.Invoke(Executables.Dmz, arguments) ?? (Executables.Dmz, arguments);
        Dmz = Add(BrokerProcess.Start("dmz", program, all));
    }

    /// <summary>Waits until the DMZ node serves and reaches the zone.</summary>
    public Task DmzReadyAsync() => Eventually.TrueAsync(
        "the DMZ node is ready",
        async () => Dmz.HasExited ? throw new InvalidOperationException("the DMZ node ended:\n" + Dmz.Log)
            : Zone.HasExited ? throw new InvalidOperationException("the zone ended:\n" + Zone.Log)
            : await Api.IsReadyAsync());

    /// <summary>Waits until a read of the zone succeeds: the node's readiness may still be what it was before the zone fell.</summary>
    public Task ZoneReachedAsync() => Eventually.TrueAsync(
        "the zone is reached",
        async () => Zone.HasExited ? throw new InvalidOperationException("the zone ended:\n" + Zone.Log)
            : (await Api.CustomerAsync()).Value is not null);

    /// <summary>Makes a profile of another console of this installation.</summary>
    public async Task MakeProfileAsync(Brokerctl console, int? port = null, string name = "console-1")
    {
        await console.OkAsync(
            "init", "--root", $"{Ca}/root.crt", "--certificate", $"{Ca}/{name}.crt", "--key", $"{Ca}/{name}.key",
            "--gateway", $"https://127.0.0.1:{port ?? ConsolePort}", "--enrolment", $"127.0.0.1:{EnrolmentPort}", "--user", "alice");
        Copy(Path.Combine(Certificates.Keys, "users"), Path.Combine(console.Profile, "users"));
        Copy(Path.Combine(Certificates.Keys, "custodians"), Path.Combine(console.Profile, "custodians"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _all)
            await process.DisposeAsync();
        _api?.Dispose();
        Directory.Delete(Work, recursive: true);
        Directory.Delete(Volatile, recursive: true);
    }

    public string Logs()
    {
        const int most = 20_000;
        return string.Join('\n', _all.Select(static p =>
            $"---- {p.Name} {(p.HasExited ? "(ended)" : "")}\n{(p.Log.Length > most ? p.Log[^most..] : p.Log)}"));
    }

    /// <summary>Starts a further process, which ends with the cluster.</summary>
    public BrokerProcess Start(string name, string executable, params IReadOnlyList<string> arguments) =>
        Add(BrokerProcess.Start(name, executable, arguments));

    private BrokerProcess Add(BrokerProcess process)
    {
        _all.Add(process);
        return process;
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
    }
}
