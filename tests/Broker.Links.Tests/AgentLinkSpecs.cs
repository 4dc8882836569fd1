using System.Net.WebSockets;
using Broker.Links.Agents;
using Broker.Links.Identity;
using Broker.Links.Tests.Support;
using Broker.Links.Tls;
using Broker.Protocol.Wire.Agent;
using Broker.TestKit;
using Google.Protobuf;

namespace Broker.Links.Tests;

public sealed class AgentLinkSpecs
{
    private static readonly TestAuthority Ours = new();

    [Fact]
    public async Task Link_should_carry_frames_of_any_size_up_to_its_bound_in_order()
    {
        await using var server = await Start(Echo);
        using var key = Ours.Agent("acme", "web-1");
        using var link = await Connect(server, key);
        int[] sizes = [0, 1, 16 * 1024, 70_000, FrameSocket.MaxFrameBytes - 64];
        foreach (var size in sizes)
        {
            var sending = link.SendAsync(Sealed(size), default);
            Assert.Equal(size, (await link.ReceiveAsync(default))!.SealedMessage.Ciphertext.Length);
            await sending;
        }
    }

    [Fact]
    public async Task Link_should_keep_frames_whole_when_many_send_at_once()
    {
        await using var server = await Start(Echo);
        using var key = Ours.Agent("acme", "web-1");
        using var link = await Connect(server, key);
        var sending = Task.WhenAll(
            Enumerable.Range(1, FrameSocket.MaxWaitingSenders).Select(n => link.SendAsync(Sealed(n * 1000), default)));
        var sizes = new List<int>();
        for (var i = 0; i < FrameSocket.MaxWaitingSenders; i++)
            sizes.Add((await link.ReceiveAsync(default))!.SealedMessage.Ciphertext.Length);
        await sending;
        Assert.Equal(Enumerable.Range(1, FrameSocket.MaxWaitingSenders).Select(static n => n * 1000), sizes.Order());
    }

    [Fact]
    public async Task Sender_should_be_refused_when_the_other_end_does_not_read()
    {
        var done = new TaskCompletionSource();
        await using var server = await Start(async (_, _, _) => await done.Task);
        using var key = Ours.Agent("acme", "web-1");
        using var link = await Connect(server, key);
        var large = Sealed(FrameSocket.MaxFrameBytes - 64);
        var sending = Enumerable.Range(0, FrameSocket.MaxWaitingSenders).Select(_ => link.SendAsync(large, default)).ToList();
        // What the sockets' buffers take leaves places free; the next ones fill them, and one more is over the bound.
        AgentLinkException? refused = null;
        while (refused is null)
        {
            var next = link.SendAsync(large, default);
            if (next.IsFaulted)
                refused = next.Exception.InnerException as AgentLinkException;
            else
                sending.Add(next);
        }

        Assert.Equal(AgentLinkException.Busy, refused.Code);
        done.SetResult();
        foreach (var one in sending)
            await Record.ExceptionAsync(() => one);
    }

    [Fact]
    public async Task Server_that_stops_should_end_its_links_and_not_wait_for_them()
    {
        await using var server = await Start(Echo);
        using var key = Ours.Agent("acme", "web-1");
        using var link = await Connect(server, key);
        await link.SendAsync(Sealed(1), default);
        await link.ReceiveAsync(default);

        // Under what the host waits for by itself here.
        using var deadline = new CancellationTokenSource(Patience.Limit, TimeProvider.System);
        await server.StopAsync(deadline.Token);

        Assert.False(deadline.IsCancellationRequested);
        await Assert.ThrowsAsync<AgentLinkException>(() => link.ReceiveAsync(default));
    }

    [Fact]
    public async Task Sender_should_be_refused_a_frame_over_the_bound()
    {
        await using var server = await Start(Echo);
        using var key = Ours.Agent("acme", "web-1");
        using var link = await Connect(server, key);
        var error = await Assert.ThrowsAsync<AgentLinkException>(() => link.SendAsync(Sealed(FrameSocket.MaxFrameBytes), default));
        Assert.Equal(AgentLinkException.TooLarge, error.Code);
    }

    [Theory]
    [InlineData(WebSocketMessageType.Binary, "", AgentLinkException.Malformed, WebSocketCloseStatus.InvalidPayloadData)]
    [InlineData(WebSocketMessageType.Binary, "FFFF", AgentLinkException.Malformed, WebSocketCloseStatus.InvalidPayloadData)]
    [InlineData(WebSocketMessageType.Binary, "FA0100", AgentLinkException.Malformed, WebSocketCloseStatus.InvalidPayloadData)]
    [InlineData(WebSocketMessageType.Text, "0A00", AgentLinkException.Malformed, WebSocketCloseStatus.InvalidPayloadData)]
    [InlineData(WebSocketMessageType.Binary, "large", AgentLinkException.TooLarge, WebSocketCloseStatus.MessageTooBig)]
    public async Task Receiver_should_close_on_what_is_no_frame(
        WebSocketMessageType type, string hex, string code, WebSocketCloseStatus status)
    {
        var seen = new TaskCompletionSource<string>();
        await using var server = await Start(async (_, socket, token) =>
        {
            var error = await Assert.ThrowsAsync<AgentLinkException>(() => socket.ReceiveAsync(token));
            seen.SetResult(error.Code);
        });
        using var key = Ours.Agent("acme", "web-1");
        using var invoker = LinkHttpClient.CreateForWebSocket(key, LinkServerFixture.Expected(LinkRole.Dmz));
        using var raw = new ClientWebSocket();
        await raw.ConnectAsync(new UriBuilder(server.Address) { Scheme = "wss", Path = AgentLink.Path }.Uri, invoker, default);
        var bytes = hex == "large" ? new byte[FrameSocket.MaxFrameBytes + 1] : Convert.FromHexString(hex);
        await raw.SendAsync(bytes, type, true, default);
        Assert.Equal(code, await seen.Task);
        var buffer = new byte[1024];
        var goodbye = await raw.ReceiveAsync(buffer.AsMemory(), default);
        Assert.Equal(code, Frame.Parser.ParseFrom(buffer.AsSpan(0, goodbye.Count)).Goodbye.Code);
        await raw.ReceiveAsync(buffer.AsMemory(), default);
        Assert.Equal(status, raw.CloseStatus);
    }

    [Fact]
    public async Task Close_should_say_goodbye_and_end_in_good_order()
    {
        await using var server = await Start(static (_, socket, _) => socket.CloseAsync("node-stopping"));
        using var key = Ours.Agent("acme", "web-1");
        using var link = await Connect(server, key);
        Assert.Equal("node-stopping", (await link.ReceiveAsync(default))!.Goodbye.Code);
        Assert.Null(await link.ReceiveAsync(default));
    }

    [Fact]
    public async Task Cut_connection_should_be_lost_not_closed()
    {
        await using var server = await Start(static (_, socket, _) =>
        {
            socket.Dispose();
            return Task.CompletedTask;
        });
        using var key = Ours.Agent("acme", "web-1");
        using var link = await Connect(server, key);
        var error = await Assert.ThrowsAsync<AgentLinkException>(() => link.ReceiveAsync(default));
        Assert.Equal(AgentLinkException.Lost, error.Code);
    }

    [Fact]
    public async Task Link_should_know_the_agent_and_refuse_every_other_role()
    {
        PeerIdentity? peer = null;
        await using var server = await LinkServerFixture.StartAsync(
            Ours.Node(LinkRole.Dmz, "server"),
            app =>
            {
                app.UseAgentLink();
                app.MapAgentLink(new SteadyTime(), (who, socket, _) =>
                {
                    peer = who;
                    return socket.CloseAsync("done");
                });
            },
            LinkRole.Agent,
            LinkRole.Console);
        using var agent = Ours.Agent("acme", "web-1");
        using (var link = await Connect(server, agent))
            await link.ReceiveAsync(default);
        Assert.Equal(("acme", "web-1"), (peer!.Customer!.Value.Value, peer.Name.Value));
        using var console = Ours.Node(LinkRole.Console, "c");
        await Assert.ThrowsAsync<LinkConnectException>(() => Connect(server, console));
    }

    [Fact]
    public async Task Agent_should_refuse_a_server_that_is_no_dmz_node()
    {
        await using var server = await LinkServerFixture.StartAsync(Ours.Node(LinkRole.Zone, "z"), static _ => { }, LinkRole.Agent);
        using var key = Ours.Agent("acme", "web-1");
        var error = await Assert.ThrowsAsync<LinkConnectException>(() => Connect(server, key));
        Assert.Equal(LinkRefusal.WrongRole, error.Refusal);
    }

    private static Task<FrameSocket> Connect(LinkServerFixture server, InstallationKey key) => AgentLink.ConnectAsync(
        server.Address, key, LinkServerFixture.Expected(LinkRole.Dmz), new SteadyTime(), default);

    private static async Task Echo(PeerIdentity peer, FrameSocket socket, CancellationToken token)
    {
        while (await socket.ReceiveAsync(token) is { } frame)
            await socket.SendAsync(frame, token);
    }

    private static Frame Sealed(int size) => new()
    {
        SealedMessage = new SealedMessage { Ciphertext = ByteString.CopyFrom(new byte[size]) },
    };

    private static Task<LinkServerFixture> Start(Func<PeerIdentity, FrameSocket, CancellationToken, Task> handler) =>
        LinkServerFixture.StartAsync(
            Ours.Node(LinkRole.Dmz, "server"),
            app =>
            {
                app.UseAgentLink();
                app.MapAgentLink(new SteadyTime(), handler);
            },
            LinkRole.Agent);
}
