using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Broker.TestKit;

/// <summary>Addresses of this machine that stay what they were found to be.</summary>
public static class Ports
{
    private static readonly ConcurrentBag<Socket> Held = [];
    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>
    /// An address of loopback for this process and those that it starts. Nobody connects from it, so that no connection of this machine
    /// takes a port that was found free on it.
    /// </summary>
    public static IPAddress Own { get; } = new(
        [127, (byte)(64 + Octet(16) % 64), (byte)Octet(8), (byte)Octet(0)]);

    /// <summary>Free ports of <see cref="Own"/>, each given once in this process.</summary>
    public static int[] Free(int count) => [.. Enumerable.Range(0, count).Select(static _ => Free())];

    private static int Free()
    {
        while (true)
        {
            using var socket = Bound(Own);
            var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
            // Whom it was given before may not have bound it yet.
            if (Given.TryAdd(port, true))
                return port;
        }
    }

    /// <summary>Refuses connections for as long as this process lives: the port is taken, and nobody listens.</summary>
    public static Uri Refusing()
    {
        var socket = Bound(IPAddress.Loopback);
        Held.Add(socket);
        return new Uri($"https://{socket.LocalEndPoint}");
    }

    private static int Octet(int shift) => Environment.ProcessId >> shift & 255;

    private static Socket Bound(IPAddress address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, 0));
        return socket;
    }
}
