using System.Net;
using System.Net.Sockets;
using Broker.Links.Identity;
using Broker.Links.Tests.Support;
using Broker.Links.Tls;
using Broker.TestKit;

namespace Broker.Links.Tests;

/// <summary>Connections that do not come to be.</summary>
public sealed class ConnectingSpecs
{
    private static readonly TestAuthority Ours = new();

    [Fact]
    public async Task Refusal_should_be_told_without_a_trace_of_the_stack_that_led_to_it()
    {
        using var closed = new Socket(SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));

        var refused = LinkConnectException.In(await Assert.ThrowsAsync<HttpRequestException>(() => Ask(closed, CancellationToken.None)))!;

        Assert.Equal("no connection: ConnectionRefused", refused.Message);
        Assert.Null(refused.Refusal);
        Assert.Equal(SocketError.ConnectionRefused, Assert.IsType<SocketException>(refused.InnerException).SocketErrorCode);
        Assert.Null(refused.InnerException!.StackTrace);
    }

    [Fact]
    public async Task Connecting_should_end_when_it_is_given_up()
    {
        // A listener that accepts nobody: the kernel answers the first ones for it, and nobody after them.
        using var full = new Socket(SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(1);
        var first = new List<Socket>();
        try
        {
            while (await Connects(full, first))
            {
            }

            using var later = new CancellationTokenSource(TimeSpan.FromMilliseconds(50), TimeProvider.System);

            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Ask(full, later.Token).WaitAsync(Patience.Limit));
        }
        finally
        {
            first.ForEach(static s => s.Dispose());
        }
    }

    private static async Task<string> Ask(Socket listener, CancellationToken cancellation)
    {
        using var key = Ours.Node(LinkRole.Dmz, "one");
        using var client = LinkHttpClient.Create(
            key, LinkServerFixture.Expected(LinkRole.Dmz), new Uri($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndPoint!).Port}"));
        return await client.GetStringAsync(new Uri("/", UriKind.Relative), cancellation);
    }

    private static async Task<bool> Connects(Socket listener, List<Socket> made)
    {
        made.Add(new Socket(SocketType.Stream, ProtocolType.Tcp));
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        try
        {
            await made[^1].ConnectAsync(listener.LocalEndPoint!, limit.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
