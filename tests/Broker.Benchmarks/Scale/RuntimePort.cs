using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Broker.Benchmarks.Scale;

/// <summary>
/// Has another .NET process collect its garbage, through the runtime's diagnostics port: an event session with the keyword that asks for
/// a full collection is begun, and ended as soon as the collection is over. (dotnet/diagnostics, ipc-protocol.md: CollectTracing2.)
/// </summary>
internal static class RuntimePort
{
    private const ulong CollectKeyword = 0x800000;
    private const int InformationLevel = 4;
    private const int HeaderLength = 20;
    private const byte EventPipe = 2;
    private const byte CollectTracing2 = 3;

    private static readonly TimeSpan CollectionTime = TimeSpan.FromMilliseconds(700);

    /// <summary>Collects; it is over when this returns, or as good as.</summary>
    /// <exception cref="InvalidOperationException">The port is closed, or refuses.</exception>
    public static async Task CollectAsync(int process)
    {
        var path = Directory.EnumerateFiles(Path.GetTempPath(), $"dotnet-diagnostic-{process}-*-socket").FirstOrDefault() ??
            throw new InvalidOperationException($"process {process} has no diagnostics port; unset DOTNET_EnableDiagnostics");
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        await socket.SendAsync(Request());
        var header = new byte[HeaderLength];
        await using var stream = new NetworkStream(socket);
        await stream.ReadExactlyAsync(header);
        if (header[17] != 0)
            throw new InvalidOperationException($"process {process} does not collect on demand");

        // What it then says of the collection is read, so that it does not wait for this reader, and not looked at.
        using var over = new CancellationTokenSource(CollectionTime, TimeProvider.System);
        try
        {
            var ignored = new byte[1 << 16];
            while (await stream.ReadAsync(ignored, over.Token) > 0)
            {
            }
        }
        catch (OperationCanceledException)
        {
            // Ends the session.
        }
    }

    private static byte[] Request()
    {
        using var payload = new MemoryStream();
        using (var w = new BinaryWriter(payload, Encoding.Unicode, leaveOpen: true))
        {
            w.Write(1);              // megabytes of buffer
            w.Write(1);              // format: nettrace
            w.Write(false);          // no rundown
            w.Write(1);              // providers
            w.Write(CollectKeyword);
            w.Write(InformationLevel);
            Text(w, "Microsoft-Windows-DotNETRuntime");
            w.Write(0);              // no filter
        }

        var message = new byte[HeaderLength + payload.Length];
        "DOTNET_IPC_V1\0"u8.CopyTo(message);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(14), (ushort)message.Length);
        (message[16], message[17]) = (EventPipe, CollectTracing2);
        payload.ToArray().CopyTo(message, HeaderLength);
        return message;
    }

    private static void Text(BinaryWriter w, string text)
    {
        w.Write(text.Length + 1);
        w.Write((text + "\0").ToCharArray());
    }
}
