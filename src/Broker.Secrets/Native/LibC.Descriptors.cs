using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Broker.Secrets;

/// <summary>Passing a descriptor to another process over a Unix socket (unix(7), SCM_RIGHTS).</summary>
internal static unsafe partial class LibC
{
    private const int SocketLevel = 1;
    private const int Rights = 1;

    /// <summary>Sends one datagram with one descriptor.</summary>
    /// <param name="socket">A connected Unix socket.</param>
    /// <param name="message">What is said with it.</param>
    /// <param name="descriptor">It stays the caller's; the other end gets one of its own.</param>
    /// <exception cref="IOException">The kernel refuses.</exception>
    internal static void SendDescriptor(SafeHandle socket, ReadOnlySpan<byte> message, SafeFileHandle descriptor)
    {
        var control = new DescriptorControl
        {
            Length = (nuint)(Unsafe.SizeOf<DescriptorControl>() - sizeof(int)),
            Level = SocketLevel,
            Type = Rights,
            Descriptor = descriptor.DangerousGetHandle().ToInt32(),
        };
        fixed (byte* text = message)
        {
            var vector = new IoVector { Base = text, Length = (nuint)message.Length };
            var header = new MessageHeader
            {
                Vectors = &vector,
                VectorCount = 1,
                Control = &control,
                ControlLength = (nuint)Unsafe.SizeOf<DescriptorControl>(),
            };
            if (SendMessage(socket, &header, 0) != message.Length)
                throw new IOException($"sendmsg failed with errno {Marshal.GetLastPInvokeError()}");
        }
    }

    [LibraryImport(Name, EntryPoint = "sendmsg", SetLastError = true)]
    private static partial nint SendMessage(SafeHandle socket, MessageHeader* message, int flags);

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

    // A control header with room for one descriptor, padded as CMSG_SPACE pads it.
    [StructLayout(LayoutKind.Sequential)]
    private struct DescriptorControl
    {
        public nuint Length;
        public int Level;
        public int Type;
        public int Descriptor;
        public int Padding;
    }
}
