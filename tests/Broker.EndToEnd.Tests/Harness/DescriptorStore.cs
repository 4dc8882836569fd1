using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Broker.EndToEnd.Tests.Harness;

/// <summary>What a service manager does for a service that restarts: it takes a descriptor and passes it on.</summary>
internal sealed unsafe partial class DescriptorStore : IDisposable
{
    private const int DoNotWait = 0x40;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    public DescriptorStore(string path)
    {
        Path = path;
        _socket.Bind(new UnixDomainSocketEndPoint(path));
    }

    /// <summary>The value of NOTIFY_SOCKET.</summary>
    public string Path { get; }

    /// <summary>The number of the descriptor that was sent, in this process; processes that it starts inherit it.</summary>
    public int Take()
    {
        var text = stackalloc byte[256];
        var control = stackalloc byte[64];
        var vector = new IoVector { Base = text, Length = 256 };
        var header = new MessageHeader { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = 64 };
        if (Receive(_socket.SafeHandle, &header, DoNotWait) <= 0 || header.ControlLength < 20)
            throw new InvalidOperationException("no descriptor was left");
        return *(int*)(control + 16);
    }

    public void Dispose() => _socket.Dispose();

    [LibraryImport("libc", EntryPoint = "recvmsg")]
    private static partial nint Receive(SafeHandle socket, MessageHeader* message, int flags);

    [StructLayout(LayoutKind.Sequential)]
    private struct IoVector
    {
        public void* Base;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public void* Peer;
        public uint PeerLength;
        public IoVector* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }
}
