using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace Broker.EndToEnd.Tests.Harness;

/// <summary>
/// What a service manager does for a service that restarts, as sd_notify(3) and sd_listen_fds(3) say: it hears what the service tells,
/// takes descriptors, passes every one that it has to each start, and lets go of one only when it is told to.
/// </summary>
internal sealed unsafe partial class DescriptorStore : IDisposable
{
    private const int FirstPassed = 3;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 200 };
    private readonly ConcurrentQueue<string> _heard = new();
    private readonly List<(string Name, int Descriptor)> _kept = [];
    private readonly Lock _gate = new();
    private readonly Task _listening;
    private volatile bool _isDisposed;
    private int _marks;

    public DescriptorStore(string path)
    {
        Path = path;
        _socket.Bind(new UnixDomainSocketEndPoint(path));
        _listening = Task.Factory.StartNew(Listen, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>The value of NOTIFY_SOCKET.</summary>
    public string Path { get; }

    /// <summary>Everything that was told, in order.</summary>
    public IReadOnlyList<string> Heard => [.. _heard];

    /// <summary>How many descriptors are kept.</summary>
    public int Kept
    {
        get
        {
            lock (_gate)
                return _kept.Count;
        }
    }

    /// <summary>Waits until all that was sent until now has been heard.</summary>
    public Task SettleAsync()
    {
        var mark = string.Create(CultureInfo.InvariantCulture, $"X_MARK={Interlocked.Increment(ref _marks)}");
        using var sender = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        sender.Connect(new UnixDomainSocketEndPoint(Path));
        _ = sender.Send(Encoding.ASCII.GetBytes(mark));
        return Eventually.TrueAsync("the manager has heard what was told", () => _heard.Contains(mark));
    }

    /// <summary>Takes the descriptor that was sent last out of the store: its number in this process, which children inherit.</summary>
    public int Take()
    {
        lock (_gate)
        {
            var (_, descriptor) = _kept.Count > 0 ? _kept[^1] : throw new InvalidOperationException("no descriptor was left");
            _kept.RemoveAt(_kept.Count - 1);
            return descriptor;
        }
    }

    /// <summary>The command that starts a service as its manager does: with all that is kept, from descriptor 3 on, by name.</summary>
    public (string Program, IReadOnlyList<string> Arguments) Wrap(string program, IReadOnlyList<string> arguments)
    {
        lock (_gate)
        {
            var moves = string.Concat(_kept.Select((k, i) => string.Create(
                CultureInfo.InvariantCulture, $"exec {FirstPassed + i}<&{k.Descriptor}; ")));
            var names = string.Join(':', _kept.Select(static k => k.Name));
            var passed = string.Create(CultureInfo.InvariantCulture, $"LISTEN_PID=$$ LISTEN_FDS={_kept.Count} LISTEN_FDNAMES='{names}'");
            var script = $"{moves}export NOTIFY_SOCKET='{Path}' {passed}; exec \"$0\" \"$@\"";
            return ("/bin/bash", ["-c", script, program, .. arguments]);
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        _listening.Wait();
        _socket.Dispose();
        lock (_gate)
            _kept.ForEach(static k => _ = Close(k.Descriptor));
    }

    private void Listen()
    {
        var text = stackalloc byte[1024];
        var control = stackalloc byte[64];
        while (!_isDisposed)
        {
            var vector = new IoVector { Base = text, Length = 1024 };
            var header = new MessageHeader { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = 64 };
            var length = (int)Receive(_socket.SafeHandle, &header, 0);
            if (length > 0)
                Take(Encoding.UTF8.GetString(text, length), header.ControlLength >= 20 ? *(int*)(control + 16) : null);
        }
    }

    private void Take(string notice, int? descriptor)
    {
        var lines = notice.Split('\n');
        var name = lines.FirstOrDefault(static l => l.StartsWith("FDNAME=", StringComparison.Ordinal))?["FDNAME=".Length..] ?? "stored";
        lock (_gate)
        {
            if (descriptor is { } number && lines.Contains("FDSTORE=1"))
                _kept.Add((name, number));
            foreach (var (_, gone) in lines.Contains("FDSTOREREMOVE=1") ? _kept.FindAll(k => k.Name == name) : [])
                _ = Close(gone);
            if (lines.Contains("FDSTOREREMOVE=1"))
                _kept.RemoveAll(k => k.Name == name);
        }

        _heard.Enqueue(notice);
    }

    [LibraryImport("libc", EntryPoint = "recvmsg")]
    private static partial nint Receive(SafeHandle socket, MessageHeader* message, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

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
