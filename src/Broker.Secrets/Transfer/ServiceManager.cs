using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Broker.Secrets;

/// <summary>
/// The service manager as the keeper of a descriptor from one start of a service to the next: sd_notify(3) with <c>FDSTORE=1</c>, and
/// sd_listen_fds(3). Its unit needs <c>FileDescriptorStoreMax=</c>.
/// </summary>
public static class ServiceManager
{
    private const int FirstPassed = 3;
    private const int MaxPassed = 64;

    /// <summary>Has the manager keep a descriptor for the next start.</summary>
    /// <param name="socket">The value of <c>NOTIFY_SOCKET</c>: a path, or <c>@</c> and an abstract name.</param>
    /// <param name="name">The name under which it is passed on.</param>
    /// <param name="descriptor">It stays the caller's.</param>
    /// <exception cref="IOException">The manager does not take it.</exception>
    public static void Keep(string socket, string name, SafeFileHandle descriptor)
    {
        try
        {
            using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            manager.Connect(new UnixDomainSocketEndPoint(socket.StartsWith('@') ? "\0" + socket[1..] : socket));
            LibC.SendDescriptor(manager.SafeHandle, Encoding.ASCII.GetBytes($"FDSTORE=1\nFDNAME={name}"), descriptor);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            throw new IOException("the service manager is not reached at NOTIFY_SOCKET", e);
        }
    }

    /// <summary>The number of a descriptor that the manager passed to this process under a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="environment">Reads <c>LISTEN_PID</c>, <c>LISTEN_FDS</c> and <c>LISTEN_FDNAMES</c>.</param>
    /// <param name="processId">This process: descriptors for another are none of its business.</param>
    /// <returns>Null where there is none.</returns>
    public static int? Passed(string name, Func<string, string?> environment, int processId)
    {
        if (environment("LISTEN_PID") != processId.ToString(CultureInfo.InvariantCulture) ||
            !int.TryParse(environment("LISTEN_FDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            return null;
        }

        var index = Array.IndexOf((environment("LISTEN_FDNAMES") ?? "").Split(':'), name);
        return index >= 0 && index < Math.Min(count, MaxPassed) ? FirstPassed + index : null;
    }
}
