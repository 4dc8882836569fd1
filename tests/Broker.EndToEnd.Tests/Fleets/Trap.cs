using System.Globalization;
using System.Text.Json;

namespace Broker.EndToEnd.Tests.Fleets;

/// <summary>
/// Takes whatever a machine sends, but for what it may: connections to one server, and answers of its own listener. The rest goes to an
/// interface behind which is nobody, and is counted there, as is what it sends to itself. IPv6 is off.
/// </summary>
/// <param name="Machine">The machine.</param>
internal sealed record Trap(Machine Machine)
{
    private const string Interface = "trap0";

    /// <summary>Sets it, before anything runs on the machine.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="server">Where it may connect to.</param>
    /// <param name="port">On which port.</param>
    /// <param name="listener">The port of its own listener.</param>
    public static Trap Set(Machine machine, Machine server, int port, int listener)
    {
        void On(params string[] arguments) => PrivateNetwork.Ip(["-n", machine.Namespace, .. arguments]);
        string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
        PrivateNetwork.Ip("netns", "exec", machine.Namespace, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6");
        On("link", "add", Interface, "type", "veth", "peer", "name", "nobody0");
        On("link", "set", Interface, "arp", "off", "up");
        On("link", "set", "nobody0", "arp", "off", "up");
        On("rule", "add", "priority", "10", "to", server.Address, "ipproto", "tcp", "dport", Number(port), "lookup", "100");
        On("route", "add", server.Address, "dev", "eth0", "src", machine.Address, "table", "100");
        On("rule", "add", "priority", "11", "ipproto", "tcp", "sport", Number(listener), "lookup", "101");
        On("route", "add", "10.66.0.0/24", "dev", "eth0", "src", machine.Address, "table", "101");
        // Behind the machine's own addresses, before every other route.
        On("rule", "add", "priority", "300", "lookup", "102");
        On("route", "add", "default", "dev", Interface, "src", machine.Address, "table", "102");
        return new Trap(machine);
    }

    /// <summary>Packets that it caught, and those that the machine sent to itself.</summary>
    public long Caught()
    {
        using var links = JsonDocument.Parse(PrivateNetwork.Ip("-n", Machine.Namespace, "-s", "-j", "link", "show"));
        return links.RootElement.EnumerateArray()
            .Where(static l => l.GetProperty("ifname").GetString() is Interface or "lo")
            .Sum(static l => l.GetProperty("stats64").GetProperty("tx").GetProperty("packets").GetInt64());
    }
}
