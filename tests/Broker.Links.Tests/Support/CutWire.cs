using System.Net;
using System.Net.Sockets;

namespace Broker.Links.Tests.Support;

/// <summary>A port that carries bytes to a server until it is disposed; that cuts each connection, as a process that dies does.</summary>
internal sealed class CutWire : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<TcpClient> _ends = [];

    public CutWire(Uri server)
    {
        _listener.Start();
        Address = new UriBuilder(server) { Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri;
        _ = CarryAsync(server);
    }

    public Uri Address { get; }

    public void Dispose()
    {
        _listener.Stop();
        lock (_ends)
        {
            foreach (var end in _ends)
            {
                end.Client.LingerState = new LingerOption(true, 0);
                end.Dispose();
            }

            _ends.Clear();
        }
    }

    private async Task CarryAsync(Uri server)
    {
        try
        {
            while (true)
            {
                var near = await _listener.AcceptTcpClientAsync();
                var far = new TcpClient();
                lock (_ends)
                {
                    _ends.AddRange([near, far]);
                }

                await far.ConnectAsync(server.Host, server.Port);
                _ = near.GetStream().CopyToAsync(far.GetStream());
                _ = far.GetStream().CopyToAsync(near.GetStream());
            }
        }
        catch (Exception problem) when (problem is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut.
        }
    }
}
