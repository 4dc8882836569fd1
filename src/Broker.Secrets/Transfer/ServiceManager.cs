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
    private const int SendTimeout = 2000;

    /// <summary>Has the manager keep a descriptor for the next start.</summary>
    /// <param name="socket">The value of <c>NOTIFY_SOCKET</c>: a path, or <c>@</c> and an abstract name.</param>
    /// <param name="name">The name under which it is passed on.</param>
    /// <param name="descriptor">It stays the caller's.</param>
    /// <exception cref="IOException">The manager does not take it.</exception>
    public static void Keep(string socket, string name, SafeFileHandle descriptor)
    {
        try
        {
            using var manager = Connect(socket);
            LibC.SendDescriptor(manager.SafeHandle, Encoding.ASCII.GetBytes($"FDSTORE=1\nFDNAME={name}"), descriptor);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            throw NotReached(e);
        }
    }

    /// <summary>
    /// Has the manager let go of what it keeps under a name: it passes the same descriptors to each further start otherwise, used or not.
    /// </summary>
    /// <param name="socket">The value of <c>NOTIFY_SOCKET</c>.</param>
    /// <param name="name">The name.</param>
    /// <exception cref="IOException">The manager is not reached.</exception>
    public static void Forget(string socket, string name)
    {
        try
        {
            using var manager = Connect(socket);
            manager.Send(Encoding.ASCII.GetBytes($"FDSTOREREMOVE=1\nFDNAME={name}"));
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            throw NotReached(e);
        }
    }

    /// <summary>The numbers of the descriptors that the manager passed to this process under a name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="environment">Reads <c>LISTEN_PID</c>, <c>LISTEN_FDS</c> and <c>LISTEN_FDNAMES</c>.</param>
    /// <param name="processId">This process: descriptors for another are none of its business.</param>
    /// <returns>Ascending; none where nothing was passed.</returns>
    public static IReadOnlyList<int> Passed(string name, Func<string, string?> environment, int processId)
    {
        if (environment("LISTEN_PID") != processId.ToString(CultureInfo.InvariantCulture) ||
            !int.TryParse(environment("LISTEN_FDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            return [];
        }

        var names = (environment("LISTEN_FDNAMES") ?? "").Split(':');
        return [.. Enumerable.Range(0, Math.Min(Math.Min(count, MaxPassed), names.Length)).Where(i => names[i] == name)
            .Select(static i => FirstPassed + i)];
    }

    private static Socket Connect(string socket)
    {
        var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = SendTimeout };
        try
        {
            manager.Connect(new UnixDomainSocketEndPoint(socket.StartsWith('@') ? "\0" + socket[1..] : socket));
            return manager;
        }
        catch
        {
            manager.Dispose();
            throw;
        }
    }

    private static IOException NotReached(Exception cause) => new("the service manager is not reached at NOTIFY_SOCKET", cause);
}
