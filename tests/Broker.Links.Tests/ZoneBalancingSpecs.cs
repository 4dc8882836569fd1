using System.Net;
using System.Net.Sockets;
using Broker.Links.Tests.Support;
using Broker.Links.Zone;
using Broker.Protocol.Wire.Zone;
using Broker.TestKit;

namespace Broker.Links.Tests;

/// <summary>Several zone nodes behind one client: which gets a call, which is left out, what goes to another.</summary>
public sealed class ZoneBalancingSpecs
{
    private static readonly Task Never = new TaskCompletionSource().Task;

    private readonly ManualTime _time = new();

    [Fact]
    public async Task Calls_should_go_round_on_one_connection_to_each_node()
    {
        await using var a = await ScriptedZone.StartAsync();
        await using var b = await ScriptedZone.StartAsync();
        using var client = Client(a.Address, b.Address);
        for (var i = 0; i < 10; i++)
            await ReadAsync(client);
        Assert.Equal((5, 5), (a.Calls, b.Calls));
        // None ends before all have begun: which node is the faster one plays no part.
        var (begun, all) = (0, new TaskCompletionSource());
        a.Script = b.Script = _ =>
        {
            if (Interlocked.Increment(ref begun) == 40)
                all.SetResult();
            return all.Task;
        };
        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => ReadAsync(client)));
        Assert.Equal((25, 25), (a.Calls, b.Calls));
        Assert.Equal((1, 1), (a.Connections, b.Connections));
    }

    [Fact]
    public async Task Node_with_fewer_calls_in_flight_should_go_first()
    {
        await using var a = await ScriptedZone.StartAsync();
        await using var b = await ScriptedZone.StartAsync();
        using var client = Client(a.Address, b.Address);
        var (arrived, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        a.Script = _ =>
        {
            arrived.TrySetResult();
            return go.Task;
        };
        var held = WriteAsync(client);
        await arrived.Task;
        for (var i = 0; i < 6; i++)
            await WriteAsync(client);
        Assert.Equal((1, 6), (a.Calls, b.Calls));
        go.SetResult();
        await held;
    }

    [Fact]
    public async Task Node_that_breaks_off_should_be_left_out_and_reads_be_made_good_by_another()
    {
        await using var dying = new DyingServer(ScriptedZone.Key());
        await using var zone = await ScriptedZone.StartAsync();
        using var client = Client(dying.Address, zone.Address);
        for (var i = 0; i < 8; i++)
            await ReadAsync(client);
        Assert.Equal((1, 8), (dying.Requests, zone.Calls));
    }

    [Fact]
    public async Task Node_that_dies_in_the_middle_of_an_answer_should_cost_a_read_nothing_and_leave_a_write_unknown()
    {
        await using var dying = await ScriptedZone.StartAsync();
        await using var zone = await ScriptedZone.StartAsync();
        dying.Script = static async context =>
        {
            context.Response.ContentLength = 100;
            await context.Response.Body.WriteAsync(new byte[10]);
            await context.Response.Body.FlushAsync();
            context.Abort();
        };
        using var client = Client(dying.Address, zone.Address);
        await ReadAsync(client);
        Assert.Equal((1, 1), (dying.Calls, zone.Calls));
        using var other = Client(dying.Address, zone.Address);
        await Assert.ThrowsAsync<ZoneUnknownOutcomeException>(() => WriteAsync(other));
        Assert.Equal((2, 1), (dying.Calls, zone.Calls));
    }

    [Fact]
    public async Task Node_that_hangs_should_hold_a_read_for_a_moment_only_and_then_be_left_out()
    {
        await using var hanging = await ScriptedZone.StartAsync();
        await using var zone = await ScriptedZone.StartAsync();
        var arrived = new TaskCompletionSource();
        hanging.Script = _ =>
        {
            arrived.TrySetResult();
            return Never;
        };
        using var client = Client(hanging.Address, zone.Address);
        var read = ReadAsync(client);
        await arrived.Task;
        _time.Advance(TimeSpan.FromSeconds(2));
        await read;
        for (var i = 0; i < 4; i++)
            await ReadAsync(client);
        Assert.Equal((1, 5), (hanging.Calls, zone.Calls));
    }

    [Fact]
    public async Task Write_that_hangs_should_wait_for_its_deadline_and_be_done_nowhere_else_while_others_get_the_next_calls()
    {
        await using var hanging = await ScriptedZone.StartAsync(answersProbes: false);
        await using var zone = await ScriptedZone.StartAsync();
        var arrived = new TaskCompletionSource();
        hanging.Script = _ =>
        {
            arrived.TrySetResult();
            return Never;
        };
        using var client = Client(hanging.Address, zone.Address);
        var write = WriteAsync(client);
        await arrived.Task;
        _time.Advance(TimeSpan.FromMilliseconds(500));
        // Now the node owes an answer for too long: nobody else is given to it.
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => WriteAsync(client)));
        Assert.Equal((1, 20), (hanging.Calls, zone.Calls));
        _time.Advance(TimeSpan.FromMinutes(1));
        await Assert.ThrowsAsync<ZoneUnknownOutcomeException>(() => write);
        Assert.Equal((1, 20), (hanging.Calls, zone.Calls));
    }

    [Fact]
    public async Task Node_that_is_only_slow_should_get_calls_again_once_it_has_said_that_it_lives()
    {
        await using var slow = await ScriptedZone.StartAsync();
        await using var zone = await ScriptedZone.StartAsync();
        var (arrived, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        slow.Script = _ =>
        {
            arrived.TrySetResult();
            return go.Task;
        };
        using var client = Client(slow.Address, zone.Address);
        var write = WriteAsync(client);
        await arrived.Task;
        _time.Advance(TimeSpan.FromMilliseconds(500));
        await WriteAsync(client);
        await slow.Probed;
        go.SetResult();
        await write;
        await UntilCalledAsync(client, slow);
    }

    [Fact]
    public async Task Node_that_does_not_even_shake_hands_should_be_passed_by_by_writes_too()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var zone = await ScriptedZone.StartAsync();
        using var client = Client(
            static o => o with { ConnectTimeout = TimeSpan.FromSeconds(2) },
            new Uri($"https://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}"), zone.Address);
        var began = TimeProvider.System.GetTimestamp();
        while (zone.Calls < 4)
        {
            try
            {
                await WriteAsync(client);
            }
            catch (ZoneUnavailableException) when (TimeProvider.System.GetElapsedTime(began) < Patience.Limit)
            {
                // The other did not shake hands in time either: the machine stood still.
            }
        }
    }

    [Fact]
    public async Task Node_whose_store_fails_should_be_left_out_and_what_it_did_not_do_be_done_by_another()
    {
        await using var failing = await ScriptedZone.StartAsync();
        await using var zone = await ScriptedZone.StartAsync();
        failing.Refusal = ZoneRefusal.Busy("store-failed", "the zone's store failed; nothing was done");
        using var client = Client(failing.Address, zone.Address);
        for (var i = 0; i < 5; i++)
            await WriteAsync(client);
        Assert.Equal((1, 5), (failing.Calls, zone.Calls));
        // It is looked at after a while, and gets calls again when it does well.
        failing.Refusal = null;
        _time.Advance(TimeSpan.FromMilliseconds(250));
        await UntilCalledAsync(client, failing);
    }

    [Fact]
    public async Task Node_that_fails_again_should_be_left_out_for_twice_as_long()
    {
        await using var failing = await ScriptedZone.StartAsync();
        await using var zone = await ScriptedZone.StartAsync();
        failing.Refusal = ZoneRefusal.Busy("store-failed", "the zone's store failed; nothing was done");
        using var client = Client(failing.Address, zone.Address);
        await WriteAsync(client);
        _time.Advance(TimeSpan.FromMilliseconds(250));
        await UntilCalledAsync(client, failing);
        var (probes, calls) = (failing.Probes, failing.Calls);
        _time.Advance(TimeSpan.FromMilliseconds(499));
        for (var i = 0; i < 4; i++)
            await WriteAsync(client);
        Assert.Equal((probes, calls), (failing.Probes, failing.Calls));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await UntilCalledAsync(client, failing);
    }

    [Theory]
    [InlineData(409, "stale-fence")]
    [InlineData(503, "rate-exceeded")]
    public async Task Refusal_should_stand_and_cost_the_node_nothing(int status, string code)
    {
        await using var a = await ScriptedZone.StartAsync();
        await using var b = await ScriptedZone.StartAsync();
        a.Refusal = b.Refusal = new ZoneRefusal(status, code, "as it says");
        using var client = Client(a.Address, b.Address);
        for (var i = 0; i < 4; i++)
            Assert.Equal(code, (await Assert.ThrowsAnyAsync<ZoneException>(() => WriteAsync(client))).Code);
        Assert.Equal((2, 2), (a.Calls, b.Calls));
    }

    [Fact]
    public async Task Caller_who_goes_away_should_not_make_a_node_be_left_out()
    {
        await using var a = await ScriptedZone.StartAsync();
        await using var b = await ScriptedZone.StartAsync();
        var arrived = new TaskCompletionSource();
        a.Script = _ =>
        {
            arrived.TrySetResult();
            return Never;
        };
        using var client = Client(a.Address, b.Address);
        using var gone = new CancellationTokenSource();
        var write = client.CommitAsync(new CommitRequest(), gone.Token);
        await arrived.Task;
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
        a.Script = null;
        for (var i = 0; i < 4; i++)
            await WriteAsync(client);
        Assert.Equal((3, 2), (a.Calls, b.Calls));
    }

    [Fact]
    public async Task Nodes_should_be_tried_all_the_same_when_none_is_left()
    {
        await using var zone = await ScriptedZone.StartAsync();
        zone.Refusal = ZoneRefusal.Busy("store-failed", "the zone's store failed; nothing was done");
        using var client = Client(zone.Address, Ports.Refusing());
        for (var i = 0; i < 3; i++)
            await Assert.ThrowsAsync<ZoneUnavailableException>(() => WriteAsync(client));
        zone.Refusal = null;
        await WriteAsync(client);
        Assert.Equal(4, zone.Calls);
    }

    [Fact]
    public async Task Name_should_count_once_for_each_of_its_addresses_and_be_looked_up_again()
    {
        await using var a = await ScriptedZone.StartAsync();
        await using var b = await ScriptedZone.StartAsync(IPAddress.Parse("127.0.0.2"), a.Address.Port);
        await using var c = await ScriptedZone.StartAsync(IPAddress.Parse("127.0.0.3"), a.Address.Port);
        var (lookUps, addresses) = (0, new[] { "127.0.0.1", "127.0.0.2" });
        using var client = Client(
            o => o with
            {
                LookUp = name =>
                {
                    Assert.Equal("zone.example", name);
                    lookUps++;
                    return addresses.Length == 0
                        ? throw new SocketException((int)SocketError.TryAgain)
                        : Task.FromResult<IPAddress[]>([.. addresses.Select(IPAddress.Parse)]);
                },
            },
            new Uri($"https://zone.example:{a.Address.Port}"));
        for (var i = 0; i < 4; i++)
            await ReadAsync(client);
        Assert.Equal((2, 2, 1), (a.Calls, b.Calls, lookUps));
        // A name service that is gone takes nobody away.
        addresses = [];
        _time.Advance(TimeSpan.FromSeconds(30));
        for (var i = 0; i < 4; i++)
            await ReadAsync(client);
        Assert.Equal((4, 4), (a.Calls, b.Calls));
        addresses = ["127.0.0.2", "127.0.0.3"];
        // The look-up before may end only now, and the next is due so long after it.
        await UntilCalledAsync(client, c, () => _time.Advance(TimeSpan.FromSeconds(30)));
        var before = a.Calls;
        for (var i = 0; i < 4; i++)
            await ReadAsync(client);
        Assert.Equal(before, a.Calls);
    }

    [Fact]
    public async Task Name_that_is_not_known_should_be_an_unreachable_zone()
    {
        using var client = Client(
            static o => o with { LookUp = static _ => throw new SocketException((int)SocketError.HostNotFound) },
            new Uri("https://no-such-name.invalid:7446"));
        var error = await Assert.ThrowsAsync<ZoneUnavailableException>(() => WriteAsync(client));
        Assert.Equal("zone-unreachable", error.Code);
    }

    private static Task<DescribeReply> ReadAsync(ZoneClient client) => client.DescribeAsync(new DescribeRequest(), default);

    private static Task<CommitReply> WriteAsync(ZoneClient client) => client.CommitAsync(new CommitRequest(), default);

    private static async Task UntilCalledAsync(ZoneClient client, ScriptedZone zone, Action? each = null)
    {
        using var soon = new CancellationTokenSource(Patience.Limit);
        for (var before = zone.Calls; zone.Calls == before; soon.Token.ThrowIfCancellationRequested())
        {
            each?.Invoke();
            await WriteAsync(client);
        }
    }

    private ZoneClient Client(params Uri[] addresses) => Client(static o => o, addresses);

    private ZoneClient Client(Func<ZoneClientOptions, ZoneClientOptions> change, params Uri[] addresses) => new(
        change(new ZoneClientOptions(addresses) { Deadline = TimeSpan.FromSeconds(30), ConnectTimeout = Patience.Limit }),
        ScriptedZone.Dmz(), _time);
}
