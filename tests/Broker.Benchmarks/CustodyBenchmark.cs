using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Broker.Benchmarks.Custody;
using Broker.Benchmarks.Load;
using Broker.Links.Identity;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Secrets;

namespace Broker.Benchmarks;

/// <summary>What custody costs: an unlock, a customer that is unlocked, the rotation of many rows.</summary>
internal static class CustodyBenchmark
{
    private const int Plaintext = 40;
    private const int InFlight = 64;

    private static readonly Option<string> Root = new("--root") { Required = true };
    private static readonly Option<string> Certificate = new("--certificate") { Required = true };
    private static readonly Option<string> Key = new("--key") { Required = true };
    private static readonly Option<string> Gateway = new("--gateway") { Required = true };
    private static readonly Option<string> UserKeys = new("--user-keys") { Required = true };
    private static readonly Option<string> Directory = new("--directory") { Required = true, Description = "where the raw loop writes" };
    private static readonly Option<int> Node = new("--node-pid") { Required = true, Description = "the DMZ node's process" };
    private static readonly Option<int> Zone = new("--zone-pid") { Required = true, Description = "the zone node's process" };
    private static readonly Option<int> Customers = new("--customers") { DefaultValueFactory = _ => 10_000 };
    private static readonly Option<int> Rows = new("--rows") { DefaultValueFactory = _ => 100_000 };
    private static readonly Option<string> Json = new("--json");

    public static Command Create()
    {
        var command = new Command("custody")
        {
            Root, Certificate, Key, Gateway, UserKeys, Directory, Node, Zone, Customers, Rows, Json,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        SecretMemory.Configure(8 << 20);
        using var key = InstallationKey.Load(
            parsed.GetRequiredValue(Certificate), parsed.GetRequiredValue(Key), LinkTrust.Load(parsed.GetRequiredValue(Root)));
        var gateway = new Uri(parsed.GetRequiredValue(Gateway));
        var keyFile = Path.Combine(parsed.GetRequiredValue(UserKeys), "alice.key");
        using var pem = SecretBuffer.CopyOf(await File.ReadAllBytesAsync(keyFile, cancellation));
        using var administrator = P256PrivateKey.FromPkcs8Pem(pem);
        using var calls = new CustodyCalls(key, gateway, administrator);
        var rows = new List<Measurement>();

        await Console.Error.WriteLineAsync("unlock …");
        UnlockCost.Measure(rows);
        var customers = parsed.GetValue(Customers);
        await Console.Error.WriteLineAsync($"{customers} customers …");
        await CustomersAsync(rows, calls, parsed.GetValue(Node), customers);
        await Console.Error.WriteLineAsync($"rotation of {parsed.GetValue(Rows)} rows …");
        var customer = await PutAsync(Name.Parse("rotated"), parsed.GetValue(Rows));
        // The raw loop has written all its rows once before it is measured, and so has the broker: neither side is to pay for what is
        // compiled meanwhile.
        await RotateAsync(calls, customer, parsed.GetValue(Rows), epoch: 2);
        await RotationAsync(rows, calls, customer, parsed.GetValue(Rows), parsed.GetRequiredValue(Directory), parsed.GetValue(Zone),
            parsed.GetValue(Node));
        Measurement.Print(rows);
        if (parsed.GetValue(Json) is { } file)
            Measurement.Write(file, rows);
        return 0;

        async Task<Name> PutAsync(Name name, int count)
        {
            await calls.EnrolAsync(name);
            using var putter = new BrokerCalls(key, gateway, name, CustodyCalls.Administrator, keyFile);
            await CustodyBenchmark.PutAsync(putter, count);
            return name;
        }
    }

    /// <summary>Bytes that each unlocked customer adds to the node, beside those of its secret alone.</summary>
    private static async Task CustomersAsync(List<Measurement> rows, CustodyCalls calls, int node, int customers)
    {
        // The first ones pay for what is there once.
        await EnrolAsync(calls, "warm", customers / 10);
        var before = Resident(node);
        await EnrolAsync(calls, "many", customers);
        // The secret and the scalars of its two key pairs.
        rows.Add(Measurement.Bytes($"unlocked customer, of {customers}", (Resident(node) - before) / (double)customers, 3 * 32));
    }

    private static async Task EnrolAsync(CustodyCalls calls, string prefix, int count)
    {
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, InFlight / 4).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var number && number <= count)
                await calls.EnrolAsync(Name.Parse($"{prefix}-{number}"));
        }));
    }

    private static async Task PutAsync(BrokerCalls putter, int count)
    {
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, InFlight).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) <= count)
            {
                if (!await putter.PutAsync("row"))
                    throw new InvalidOperationException(putter.FirstFailure);
            }
        }));
    }

    private static async Task RotationAsync(
        List<Measurement> rows, CustodyCalls calls, Name customer, int count, string directory, int zone, int node)
    {
        var own = Cpu(Environment.ProcessId);
        var bare = RawRows.PerSecond(
            directory, count,
            new RowHeader(
                calls.Cluster, customer, Name.Parse($"row-{count / 2}"), Version: 1, CredentialKind.Password, Epoch: 2, Plaintext));
        own = Cpu(Environment.ProcessId) - own;
        await Console.Error.WriteLineAsync("rotating …");
        var (zoneBefore, nodeBefore) = (Cpu(zone), Cpu(node));
        var (first, rate) = await RotateAsync(calls, customer, count, epoch: 3);
        var (zoneSpent, nodeSpent) = (Cpu(zone) - zoneBefore, Cpu(node) - nodeBefore);
        var rotated = (count - first) / 1e6;
        await Console.Error.WriteLineAsync(
            $"processor time of a row, µs: zone {zoneSpent.TotalSeconds / rotated:F1}, " +
            $"node {nodeSpent.TotalSeconds / rotated:F1}; raw {own.TotalSeconds * 1e6 / count:F1}");
        rows.Add(Measurement.Rate($"rotation of {count} rows", rate, bare));
    }

    /// <summary>Rotates, and waits for the end.</summary>
    /// <returns>How many rows were done when it was first looked at, and the rows per second from there on.</returns>
    private static async Task<(double First, double Rate)> RotateAsync(CustodyCalls calls, Name customer, int count, uint epoch)
    {
        await calls.RotateAsync(customer, epoch);
        var start = Stopwatch.GetTimestamp();
        var first = (double)((await calls.ShowAsync(customer)).Rotation?.Done ?? 0);
        while ((await calls.ShowAsync(customer)).Rotation is { } rotation)
        {
            // Each look has the zone count all rows: it is made as often as brokerctl follows, and more often near the end.
            var each = Stopwatch.GetElapsedTime(start) / Math.Max(1, rotation.Done - first);
            var wait = each * Math.Min(rotation.Left, 1e6) / 3;
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Clamp(wait.TotalMilliseconds, 20, 1000)), TimeProvider.System);
        }

        return (first, (count - first) / Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static TimeSpan Cpu(int pid)
    {
        using var process = Process.GetProcessById(pid);
        return process.TotalProcessorTime;
    }

    /// <summary>Bytes of a process that are in memory.</summary>
    private static long Resident(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").Single(static l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
    }
}
