using System.Net;
using System.Net.Sockets;
using Broker.EndToEnd.Tests.Harness;

namespace Broker.EndToEnd.Tests.Links;

/// <summary>A load balancer for agents' connections that passes TCP through to whichever node owns the customer.</summary>
internal sealed class OwnerDoor : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _links = [];
    private readonly Lock _gate = new();
    private readonly Task _accepting;
    private CancellationTokenSource _leads = new();
    private int _to;

    public OwnerDoor()
    {
        Port = Ports.Next();
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Leads to a port from now on; connections that led elsewhere are cut.</summary>
    public void LeadTo(int port)
    {
        lock (_gate)
        {
            if (port == _to)
                return;
            _to = port;
            _leads.Cancel();
            _leads.Dispose();
            _leads = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_links);
        _leads.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var accepted = await _listener.AcceptTcpClientAsync(_stop.Token);
                lock (_gate)
                    _links.Add(PassAsync(accepted, _to, _leads.Token));
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The door was taken away.
        }
    }

    private static async Task PassAsync(TcpClient accepted, int port, CancellationToken until)
    {
        using var agent = accepted;
        using var node = new TcpClient();
        try
        {
            await node.ConnectAsync(IPAddress.Loopback, port, until);
            var (a, n) = (agent.GetStream(), node.GetStream());
            await Task.WhenAny(a.CopyToAsync(n, until), n.CopyToAsync(a, until));
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or IOException)
        {
            // Either end is gone, or the door leads elsewhere.
        }
    }
}
