using System.Diagnostics;
using System.Globalization;
using Broker.EndToEnd.Tests.Harness;

namespace Broker.EndToEnd.Tests.Fleets;

/// <summary>
/// PostgreSQL on a machine of its own: TLS with a certificate for its address, the zones' role by client certificate, and a disk (a tmpfs)
/// that is small enough to be filled.
/// </summary>
internal sealed class Database : IAsyncDisposable
{
    public const string Role = "broker_zone";
    public const string Owner = "broker_owner";
    public const int Port = 5432;

    private const int Quit = 3;
    private const int MostStarts = 10;

    private readonly Machine _machine;
    private readonly string _bin;
    private readonly string _disk;
    private BrokerProcess? _server;

    private Database(Machine machine, string bin, string disk) => (_machine, _bin, _disk) = (machine, bin, disk);

    /// <summary>Why there can be none here; null where there can.</summary>
    public static string? Obstacle => Bin is null ? "PostgreSQL is not on this machine: apt-get install postgresql" : null;

    public string Address => _machine.Address;

    public Machine Machine => _machine;

    public string Log => _server?.Log ?? "";

    private static string? Bin { get; } = Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Select(static d => Path.Combine(d, "bin"))
            .Where(static d => File.Exists(Path.Combine(d, "initdb"))).Order(StringComparer.Ordinal).LastOrDefault()
        : null;

    // It does not run as root.
    private static string[] AsServer { get; } =
        Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] : [];

    private string Data => Path.Combine(_disk, "data");

    private string Ballast => Path.Combine(_disk, "ballast");

    /// <summary>Makes the cluster, its roles and the zone's empty database, and starts the server.</summary>
    public static async Task<Database> StartAsync(Machine machine, ServerAuthority authority, string directory)
    {
        var database = new Database(machine, Bin!, Directory.CreateDirectory(Path.Combine(directory, "disk")).FullName);
        if (!machine.IsOnLoopback)
            await RunAsync("mount", "-t", "tmpfs", "-o", "size=192m,mode=0777", "none", database._disk);
        else if (Environment.IsPrivilegedProcess)
            await RunAsync("chown", "postgres:", database._disk);
        await database.AsServerAsync("initdb", "-D", database.Data, "-U", Owner, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync",
            "--wal-segsize=1");
        var (certificate, key) = authority.Issue("database", machine.Address);
        var (tls, own) = (Path.Combine(database.Data, "server.crt"), Path.Combine(database.Data, "server.key"));
        File.Copy(certificate, tls);
        File.Copy(key, own);
        File.Copy(authority.Root, Path.Combine(database.Data, "root.crt"));
        if (Environment.IsPrivilegedProcess)
            await RunAsync("chown", "-R", "postgres:", database.Data);
        await File.WriteAllTextAsync(Path.Combine(database.Data, "pg_hba.conf"), $"""
            local all {Owner} trust
            hostssl all {Owner} {(machine.IsOnLoopback ? "127.0.0.1" : PrivateNetwork.SwitchAddress)}/32 trust
            hostssl all {Role} samenet cert

            """);
        await File.AppendAllTextAsync(Path.Combine(database.Data, "postgresql.conf"), $"""
            listen_addresses = '{machine.Address}'
            unix_socket_directories = '{database.Data}'
            ssl = on
            ssl_cert_file = 'server.crt'
            ssl_key_file = 'server.key'
            ssl_ca_file = 'root.crt'
            max_connections = 100
            shared_buffers = 16MB
            min_wal_size = 2MB
            max_wal_size = 16MB

            """);
        await database.StartAsync();
        await database.SqlAsync("postgres", $"CREATE ROLE {Role} LOGIN");
        await database.SqlAsync("postgres", "CREATE DATABASE broker_zone");
        return database;
    }

    /// <summary>Starts the server again and waits until it answers.</summary>
    public Task StartAsync()
    {
        Start();
        return RunningAsync();
    }

    /// <summary>Waits until the server answers, and starts it again where it has ended meanwhile.</summary>
    public Task RunningAsync()
    {
        var starts = 1;
        return Waiting.UntilAsync("the database answers", async () =>
        {
            if (_server!.HasExited)
            {
                if (starts++ == MostStarts)
                    throw new InvalidOperationException("the database ends each time:\n" + _server.Log);
                await _server.DisposeAsync();
                Start();
            }

            return (await ExitAsync("psql", "-q", "-h", Data, "-U", Owner, "-d", "postgres", "-c", "CREATE TEMP TABLE t (i int)") == 0,
                _server.HasExited ? "it ended" : "it runs and takes no statement");
        });
    }

    /// <summary>Ends the server at once, as a power cut does: it recovers from its log when it starts.</summary>
    public async Task StopAsync()
    {
        _ = Signals.Send(_server!.Id, Quit);
        await _server.ExitAsync();
        await _server.DisposeAsync();
    }

    /// <summary>Leaves no space on its disk.</summary>
    public void FillDisk()
    {
        using var file = File.Create(Ballast);
        var block = new byte[64 * 1024];
        try
        {
            while (true)
                file.Write(block);
        }
        catch (IOException)
        {
            // Full.
        }
    }

    /// <summary>Gives the space back.</summary>
    public void EmptyDisk() => File.Delete(Ballast);

    public async ValueTask DisposeAsync()
    {
        if (_server is { HasExited: false })
            await StopAsync();
        if (!_machine.IsOnLoopback)
            await RunAsync("umount", "--lazy", _disk);
    }

    private void Start()
    {
        string[] server = [.. AsServer, $"{_bin}/postgres", "-D", Data];
        var (program, arguments) = PrivateNetwork.On(_machine, server[0], server[1..]);
        _server = BrokerProcess.Start("database", program, arguments);
    }

    /// <summary>Runs SQL as the owner of everything.</summary>
    public Task SqlAsync(string database, string sql) =>
        AsServerAsync("psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", Data, "-U", Owner, "-d", database, "-c", sql);

    private async Task AsServerAsync(string program, params string[] arguments)
    {
        if (await ExitAsync(program, arguments) is not 0 and var code)
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{program} ended with {code}"));
    }

    private Task<int> ExitAsync(string program, params string[] arguments)
    {
        string[] server = [.. AsServer, Path.Combine(_bin, program), .. arguments];
        return ExitOfAsync(server[0], server[1..]);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        if (await ExitOfAsync(program, arguments) is not 0 and var code)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {code}");
    }

    private static async Task<int> ExitOfAsync(string program, IReadOnlyList<string> arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments)
            { WorkingDirectory = "/", RedirectStandardOutput = true, RedirectStandardError = true })!;
        await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
