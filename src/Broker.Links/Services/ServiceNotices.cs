using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Broker.Links.Services;

/// <summary>
/// What a service tells the manager that started it, by sd_notify(3): datagrams on a Unix socket, to which nobody answers. Where no manager
/// asked for it nothing is sent; a manager that does not take a notice stops nobody's work. Thread-safe.
/// </summary>
public sealed class ServiceNotices : IDisposable
{
    private const int SendTimeout = 1000;
    private const int BeatsInTime = 3;
    private const int MaxStatus = 200;

    private readonly Socket? _manager;
    private readonly TimeSpan? _watchdog;
    private readonly TimeProvider _time;
    private ITimer? _beat;

    private ServiceNotices(Socket? manager, TimeSpan? watchdog, TimeProvider time) =>
        (_manager, _watchdog, _time) = (manager, watchdog, time);

    /// <summary>The time in which the manager wants a sign of life; null where it does not.</summary>
    public TimeSpan? Watchdog => _watchdog;

    /// <summary>The notices of this process.</summary>
    /// <param name="environment">Reads <c>NOTIFY_SOCKET</c>, <c>WATCHDOG_USEC</c> and <c>WATCHDOG_PID</c>.</param>
    /// <param name="processId">This process: signs of life that another is asked for are none of its business.</param>
    /// <param name="time">The clock of the signs of life.</param>
    public static ServiceNotices From(Func<string, string?> environment, int processId, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(environment);
        if (environment("NOTIFY_SOCKET") is not { Length: > 0 } socket)
            return new ServiceNotices(null, null, time);
        var own = processId.ToString(CultureInfo.InvariantCulture);
        var isAsked = environment("WATCHDOG_PID") is not { Length: > 0 } pid || pid == own;
        var watchdog = isAsked &&
            long.TryParse(environment("WATCHDOG_USEC"), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) &&
            microseconds is > 0 and < long.MaxValue / TimeSpan.TicksPerMicrosecond
                ? TimeSpan.FromMicroseconds(microseconds)
                : default(TimeSpan?);
        return new ServiceNotices(Connect(socket), watchdog, time);
    }

    /// <summary>The service serves; from now on it gives signs of life, from the pool of threads that does its work.</summary>
    public void Ready()
    {
        Send("READY=1\nSTATUS=serving");
        if (_manager is not null && _watchdog is { } interval)
            _beat ??= _time.CreateTimer(_ => Send("WATCHDOG=1"), null, TimeSpan.Zero, interval / BeatsInTime);
    }

    /// <summary>The service has begun to stop. Signs of life go on.</summary>
    /// <param name="status">Why, in a line.</param>
    public void Stopping(string status) => Send("STOPPING=1\nSTATUS=" + Line(status));

    /// <summary>What the service does, for people.</summary>
    /// <param name="status">A line without secrets; cut at 200 characters.</param>
    public void Status(string status) => Send("STATUS=" + Line(status));

    /// <summary>Ends the signs of life.</summary>
    public void Dispose()
    {
        _beat?.Dispose();
        _manager?.Dispose();
    }

    private static Socket? Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { SendTimeout = SendTimeout };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path.StartsWith('@') ? "\0" + path[1..] : path));
            return socket;
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            socket.Dispose();
            return null;
        }
    }

    // A notice is a list of lines: what a status says shall not make a line of its own.
    private static string Line(string status) =>
        string.Concat(status.Take(MaxStatus).Select(static c => char.IsControl(c) ? ' ' : c));

    private void Send(string notice)
    {
        try
        {
            _manager?.Send(Encoding.UTF8.GetBytes(notice));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The manager finds out by itself, from the process or by its own time limits.
        }
    }
}
