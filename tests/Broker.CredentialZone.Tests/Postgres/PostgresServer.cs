using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Broker.CredentialZone.Postgres;
using Broker.TestKit;
using Npgsql;

namespace Broker.CredentialZone.Tests.Postgres;

/// <summary>
/// A PostgreSQL server of this test run, on a Unix socket and by TLS on the loopback, in a directory of its own. A shell that waits for
/// the end of its input watches over it, so it ends and its directory goes also when the test process is killed.
/// </summary>
internal sealed class PostgresServer : IDisposable
{
    /// <summary>The role that owns everything.</summary>
    public const string Owner = "owner";

    private const string Watched =
        """
        set -eu
        base=/tmp; [ -d /dev/shm ] && [ "$(df -k --output=avail /dev/shm | tail -n 1)" -gt 2000000 ] && base=/dev/shm
        dir=$(mktemp -d "$base/broker-postgres-XXXXXX")
        server=
        trap '[ -z "$server" ] || { kill -QUIT $server || true; wait $server || true; }; rm -rf "$dir"' EXIT
        trap 'exit 1' INT TERM HUP
        "$PGBIN/initdb" -D "$dir/data" -U owner -A trust -E UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 ||
            { cat "$dir/initdb.log"; exit 1; }
        umask 077
        printf '%s\n' "$PGCERT" >"$dir/server.crt"; printf '%s\n' "$PGKEY" >"$dir/server.key"
        printf 'local all all trust\nlocal replication all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n' >"$dir/data/pg_hba.conf"
        "$PGBIN/postgres" -D "$dir/data" -p "$PGPORT" -k "$dir" -c listen_addresses=127.0.0.1 -c ssl=on -c "ssl_cert_file=$dir/server.crt" \
            -c "ssl_key_file=$dir/server.key" -c max_connections=300 -c shared_buffers=32MB -c max_wal_size=256MB -c log_statement=none \
            >"$dir/log" 2>&1 </dev/null &
        server=$!
        for i in $(seq 1800); do
            "$PGBIN/pg_isready" -q -h "$dir" -p "$PGPORT" && break
            kill -0 $server || { cat "$dir/log"; exit 1; }
            sleep 0.1
        done
        echo "ready $dir"
        cat >/dev/null
        """;

    private static readonly Lazy<PostgresServer?> Started = new(() => Bin() is { } bin ? new PostgresServer(bin) : null);

    private static int _ports;

    private readonly Process _watch;
    private readonly string _certificates = Directory.CreateTempSubdirectory("broker-postgres-ca-").FullName;
    private int _databases;

    private PostgresServer(string bin)
    {
        Port = FreePort();
        BinPath = bin;
        var (certificate, key) = Certificates(_certificates);
        _watch = Process.Start(Shell(bin, Port, certificate, key))!;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Dispose();
        var said = "";
        while (_watch.StandardOutput.ReadLine() is { } line)
        {
            if (line.StartsWith("ready ", StringComparison.Ordinal))
            {
                Socket = line[6..];
                return;
            }

            said += line + "\n";
        }

        throw new InvalidOperationException($"the PostgreSQL server of the tests did not start:\n{said}");
    }

    /// <summary>The programs.</summary>
    public string BinPath { get; }

    /// <summary>The directory of the socket.</summary>
    public string Socket { get; } = "";

    /// <summary>The port.</summary>
    public int Port { get; }

    /// <summary>The certificate under which the server's is.</summary>
    public string Root => Path.Combine(_certificates, "root.crt");

    /// <summary>A certificate under which it is not.</summary>
    public string OtherRoot => Path.Combine(_certificates, "other.crt");

    /// <summary>The server; the test is skipped where there is no PostgreSQL.</summary>
    public static PostgresServer Needed()
    {
        Skip.If(Started.Value is null, "PostgreSQL is not installed: apt-get install postgresql");
        return Started.Value!;
    }

    /// <summary>A server of one test.</summary>
    public static PostgresServer Start() => new(Bin()!);

    /// <summary>A database without a table.</summary>
    public string NewDatabase(string? template = null)
    {
        var name = $"zone_{Interlocked.Increment(ref _databases)}";
        Sql("postgres", template is null ? $"CREATE DATABASE {name}" : $"CREATE DATABASE {name} TEMPLATE {template}");
        return name;
    }

    /// <summary>Runs SQL as the owner.</summary>
    public void Sql(string database, string sql)
    {
        using var connection = Connect(database);
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    /// <summary>Reads one value as the owner.</summary>
    public object? Value(string database, string sql)
    {
        using var connection = Connect(database);
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar();
    }

    /// <summary>How a zone reaches a database by the socket, as the owner.</summary>
    public PostgresOptions Options(string database, string user = Owner) => new(
        [Socket], Port, database, user, null, null, null, null, 3, 1L << 40, Patience.Limit, Patience.Limit,
        AcceptLoss: false);

    public void Dispose()
    {
        // At the end of the process there may be no time to wait: the rest is the shell's.
        if (Directory.Exists(_certificates))
        {
            Directory.Delete(_certificates, recursive: true);
        }

        if (!_watch.HasExited)
        {
            _watch.StandardInput.Close();
            _watch.WaitForExit();
        }
    }

    /// <summary>A program of the server's, as the account that may run it.</summary>
    public static ProcessStartInfo AsServer(string file, params string[] arguments)
    {
        // The server does not run as root.
        var isRoot = Environment.UserName == "root";
        var start = new ProcessStartInfo(isRoot ? "setpriv" : file)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        foreach (var argument in isRoot ? ["--reuid=postgres", "--regid=postgres", "--clear-groups", "--", file, .. arguments] : arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    private NpgsqlConnection Connect(string database)
    {
        var connection = new NpgsqlConnection(
            $"Host={Socket};Port={Port};Database={database};Username={Owner};Search Path={PostgresOptions.Schema};Pooling=false;" +
            "Command Timeout=240;Timeout=180");
        connection.Open();
        return connection;
    }

    private static ProcessStartInfo Shell(string bin, int port, string certificate, string key)
    {
        var start = AsServer("/bin/sh", "-c", Watched);
        start.RedirectStandardError = false;
        start.Environment["PGBIN"] = bin;
        start.Environment["PGPORT"] = $"{port}";
        start.Environment["PGCERT"] = certificate;
        start.Environment["PGKEY"] = key;
        return start;
    }

    private static string? Bin() => Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").Select(static d => Path.Combine(d, "bin"))
            .Where(static d => File.Exists(Path.Combine(d, "initdb"))).Order(StringComparer.Ordinal).LastOrDefault()
        : null;

    // Below those that the kernel gives away: until the server listens nobody else is given it.
    private static int FreePort()
    {
        while (true)
        {
            var port = 10_000 + ((Environment.ProcessId + (977 * Interlocked.Increment(ref _ports))) % 20_000);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody else's.
            }
        }
    }

    private static (string Certificate, string Key) Certificates(string directory)
    {
        var now = TimeProvider.System.GetUtcNow();
        foreach (var other in new[] { "other.crt", "root.crt" })
        {
            using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var root = new CertificateRequest("CN=database authority", rootKey, HashAlgorithmName.SHA256);
            root.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            using var authority = root.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
            File.WriteAllText(Path.Combine(directory, other), authority.ExportCertificatePem());
            if (other == "root.crt")
            {
                using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
                var server = new CertificateRequest("CN=database", key, HashAlgorithmName.SHA256);
                var names = new SubjectAlternativeNameBuilder();
                names.AddDnsName("localhost");
                server.CertificateExtensions.Add(names.Build());
                using var certificate = server.Create(authority, now.AddDays(-1), now.AddDays(1), [1, 2, 3]);
                return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
            }
        }

        throw new InvalidOperationException("no certificate was made");
    }
}
