using System.Diagnostics;
using System.Globalization;
using Broker.EndToEnd.Tests.Harness;

namespace Broker.EndToEnd.Tests.Fleets;

/// <summary>A machine of the private network: a namespace with an address of its own.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Namespace">The network namespace; empty for one that is an address of this machine's loopback.</param>
/// <param name="Address">Its IPv4 address.</param>
internal sealed record Machine(string Name, string Namespace, string Address)
{
    /// <summary>Whether it is no more than an address: nothing can be cut off there, and nobody needs to be root.</summary>
    public bool IsOnLoopback => Namespace.Length == 0;
}

/// <summary>
/// Machines behind one switch, each a network namespace of Linux, so that a path between two of them can be cut in one direction. The
/// switch is in the namespace that this process is in, which has to be a private one without a way to anywhere: <c>scripts/test</c> runs
/// this project so. Nothing that is sent here can leave it.
/// </summary>
internal sealed class PrivateNetwork : IDisposable
{
    /// <summary>Where the tests themselves are.</summary>
    public const string SwitchAddress = "10.66.0.254";

    private const string Switch = "switch0";

    private static int _ports;

    private readonly List<Machine> _machines = [];
    private readonly HashSet<(string From, string To)> _cuts = [];

    private readonly string? _loopback;

    private PrivateNetwork(string? loopback = null) => _loopback = loopback;

    /// <summary>One without namespaces: each machine is an address of the loopback, and those of two processes are apart.</summary>
    public static PrivateNetwork OnLoopback() =>
        new(string.Create(CultureInfo.InvariantCulture, $"127.{2 + (Environment.ProcessId % 250)}.{Environment.ProcessId / 250 % 250}."));

    /// <summary>Why there can be none here; null where there can.</summary>
    public static string? Obstacle { get; } = Look();

    /// <summary>Makes the switch; the test is skipped where that cannot be.</summary>
    public static PrivateNetwork Needed()
    {
        Skip.If(Obstacle is not null, Obstacle);
        Ip("link", "add", Switch, "type", "bridge");
        Ip("addr", "add", SwitchAddress + "/24", "dev", Switch);
        Ip("link", "set", Switch, "up");
        return new PrivateNetwork();
    }

    /// <summary>Connects a further machine.</summary>
    public Machine Add(string name)
    {
        var number = _machines.Count + 1;
        if (_loopback is not null)
        {
            _machines.Add(new Machine(name, "", _loopback + number.ToString(CultureInfo.InvariantCulture)));
            return _machines[^1];
        }

        var machine = new Machine(name, $"broker-{Environment.ProcessId}-{name}", $"10.66.0.{number}");
        Ip("netns", "add", machine.Namespace);
        _machines.Add(machine);
        // The kernel takes away the ports of a network that is gone when it comes to it: no name twice.
        var port = string.Create(CultureInfo.InvariantCulture, $"port{Interlocked.Increment(ref _ports)}");
        Ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", machine.Namespace);
        Ip("link", "set", port, "master", Switch, "up");
        Ip("-n", machine.Namespace, "addr", "add", machine.Address + "/24", "dev", "eth0");
        Ip("-n", machine.Namespace, "link", "set", "lo", "up");
        Ip("-n", machine.Namespace, "link", "set", "eth0", "up");
        // Behind the rules of cuts: what a machine itself is sent would be taken before any of them else.
        Ip("-n", machine.Namespace, "rule", "add", "priority", "200", "lookup", "local");
        Ip("-n", machine.Namespace, "rule", "del", "priority", "0", "lookup", "local");
        return machine;
    }

    /// <summary>A command line that runs a program on a machine, as the same process.</summary>
    public static (string Program, IReadOnlyList<string> Arguments) On(Machine machine, string program, IEnumerable<string> arguments) =>
        machine.IsOnLoopback ? (program, [.. arguments]) : ("ip", ["netns", "exec", machine.Namespace, program, .. arguments]);

    /// <summary>From now on nothing that one machine sends reaches the other; what the other sends still arrives.</summary>
    public void Cut(Machine from, Machine to)
    {
        if (_cuts.Add((from.Name, to.Name)))
            Ip("-n", to.Namespace, "rule", "add", "from", from.Address, "priority", "100", "blackhole");
    }

    /// <summary>Undoes a cut.</summary>
    public void Heal(Machine from, Machine to)
    {
        if (_cuts.Remove((from.Name, to.Name)))
            Ip("-n", to.Namespace, "rule", "del", "from", from.Address, "priority", "100");
    }

    public void Dispose()
    {
        if (_loopback is not null)
            return;
        foreach (var machine in _machines)
            Ip("netns", "del", machine.Namespace);
        Ip("link", "del", Switch);
    }

    private static string? Look()
    {
        if (!Environment.IsPrivilegedProcess)
            return "network namespaces need root: run scripts/test as root";
        if (!Executables.IsOnPath("ip"))
            return "ip is not on this machine: apt-get install iproute2";
        // Behind the header: any route would be a way out.
        return File.ReadLines("/proc/net/route").Skip(1).Any(static l => l.Length > 0)
            ? "this process is not in a network of its own: run scripts/test, or unshare --net first" : null;
    }

    /// <summary>Runs <c>ip</c>, and gives what it prints.</summary>
    internal static string Ip(params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo("ip", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? said : throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {error.GetAwaiter().GetResult()}");
    }
}
