using System.Net;
using System.Net.Sockets;
using Broker.Secrets;

namespace Broker.EndToEnd.Tests.Harness;

/// <summary>Ports that nobody listens on, below those that the system gives to outgoing connections; none is given twice.</summary>
internal static class Ports
{
    private const int First = 20_000;
    private const int Count = 12_000;

    private static readonly HashSet<int> Given = [];
    private static readonly Lock Gate = new();

    public static int Next()
    {
        lock (Gate)
        {
            Span<byte> bytes = stackalloc byte[4];
            while (true)
            {
                SystemRandom.Fill(bytes);
                var port = First + (int)(BitConverter.ToUInt32(bytes) % Count);
                if (!Given.Contains(port) && IsFree(port))
                {
                    Given.Add(port);
                    return port;
                }
            }
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
