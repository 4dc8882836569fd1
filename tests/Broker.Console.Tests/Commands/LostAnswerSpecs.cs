using System.Net;
using System.Net.Sockets;
using Broker.Console.Tests.Support;

namespace Broker.Console.Tests.Commands;

public sealed class LostAnswerSpecs
{
    private static readonly string[] Launch = ["launch", "-c", "acme", "--agent", "web-1", "--use", "hold=key"];

    [Fact]
    public async Task Lost_answer_should_be_asked_for_again_with_the_same_bytes()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        var bodies = new List<byte[]>();
        world.Broker.Hook = (context, body) =>
        {
            if (!context.Request.Path.Value!.EndsWith("/launches", StringComparison.Ordinal))
                return Task.FromResult(false);
            bodies.Add(body);
            if (bodies.Count == 1)
                context.Abort();
            return Task.FromResult(bodies.Count == 1);
        };
        await world.Console.GoodAsync(Launch);
        Assert.Equal(2, bodies.Count);
        Assert.Equal(bodies[0], bodies[1]);
    }

    [Fact]
    public async Task Answer_that_never_comes_should_leave_the_request_to_be_sent_again()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        world.Broker.Hook = async (context, _) =>
        {
            if (!context.Request.Path.Value!.EndsWith("/launches", StringComparison.Ordinal))
                return false;
            await TestBroker.RefuseAsync(context, 504, "outcome-unknown");
            return true;
        };
        await world.Console.BadAsync(6, "outcome-unknown", Launch);
        world.Broker.Hook = null;
        var kept = Assert.Single(Directory.GetFiles(Path.Combine(world.Console.Profile, "customers/acme/requests")));
        await world.Console.GoodAsync("request", "send", kept);
    }

    [Fact]
    public async Task Same_idempotency_key_should_send_the_same_statement_and_refuse_another()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        string[] keyed = [.. Launch, "--idempotency-key", "00112233445566778899aabbccddeeff"];
        await world.Console.GoodAsync(keyed);
        var first = world.Customer.Signed!.Statement.ToArray();
        await world.Console.GoodAsync(keyed);
        Assert.Equal(first, world.Customer.Signed!.Statement.ToArray());
        await world.Console.BadAsync(2, "usage", [.. keyed, "--use", "more=key-2"]);
    }

    [Theory]
    [InlineData(409, "policy-forbids", 1)]
    [InlineData(404, "agent-unknown", 3)]
    [InlineData(409, "customer-locked", 4)]
    [InlineData(503, "zone-unavailable", 5)]
    [InlineData(429, "busy", 5)]
    public async Task Problems_should_end_with_their_exit_code(int status, string code, int exit)
    {
        await using var world = await TestWorld.WithCustomerAsync();
        world.Broker.Hook = async (context, _) =>
        {
            if (!context.Request.Path.Value!.EndsWith("/launches", StringComparison.Ordinal))
                return false;
            await TestBroker.RefuseAsync(context, status, code);
            return true;
        };
        var ran = await world.Console.BadAsync(exit, code, Launch);
        Assert.Contains("told by the test", ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Broker_that_is_not_there_or_stands_still_should_be_unreachable(bool connects)
    {
        await using var world = await TestWorld.StartAsync();
        // Taken: nobody else gets it meanwhile.
        using var taken = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        // The system accepts for it, and nobody answers the handshake.
        if (connects)
            taken.Listen();
        await SendToAsync(world, $"https://{taken.LocalEndPoint}");
        var ran = await world.Console.OnceAsync("health");
        Assert.Equal(5, ran.Exit);
        Assert.StartsWith("brokerctl: unreachable: ", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Broker_of_another_installation_should_be_told_from_one_that_is_not_there()
    {
        using var foreign = new TestInstallation();
        await using var other = await TestBroker.StartAsync(foreign);
        await using var world = await TestWorld.StartAsync();
        await SendToAsync(world, other.Address);
        await world.Console.BadAsync(7, "foreign-authority", "health");
    }

    private static async Task SendToAsync(TestWorld world, string address)
    {
        var config = Path.Combine(world.Console.Profile, "config");
        await File.WriteAllTextAsync(
            config, (await File.ReadAllTextAsync(config)).Replace(world.Broker.Address, address, StringComparison.Ordinal));
    }
}
