using System.Net;
using System.Net.Sockets;
using Broker.Links.Tls;

namespace Broker.Links.Tests;

/// <summary>Whoever writes first when the other end has gone away learns of it as well as whoever reads.</summary>
public sealed class WatchedStreamSpecs
{
    [Fact]
    public async Task End_that_is_met_by_a_write_should_be_told_although_the_connection_is_closed_then()
    {
        var lost = 0;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var near = new TcpClient();
        await near.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using (var far = await listener.AcceptTcpClientAsync())
        {
            far.Client.LingerState = new LingerOption(true, 0);
        }

        using (var watched = new WatchedStream(near.GetStream(), () => lost++))
        {
            await Assert.ThrowsAsync<IOException>(async () =>
            {
                while (true)
                    await watched.WriteAsync(new byte[1024]);
            });
        }

        Assert.Equal(1, lost);
    }

    [Fact]
    public async Task Connection_that_is_closed_here_should_not_be_told()
    {
        var lost = 0;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var near = new TcpClient();
        await near.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var far = await listener.AcceptTcpClientAsync();
        var watched = new WatchedStream(near.GetStream(), () => lost++);
        await watched.WriteAsync(new byte[1]);
        await watched.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await watched.WriteAsync(new byte[1]));
        Assert.Equal(0, lost);
    }
}
