using Broker.Console.Tests.Support;
using Broker.Protocol.Api;

namespace Broker.Console.Tests.Commands;

public sealed class HandOffSpecs
{
    private const string Id = "00112233445566778899aabbccddeeff";

    [Theory]
    [InlineData("used", "", 0)]
    [InlineData("use-failed", "exit-1", 1)]
    [InlineData("use-unknown", "link-lost", 6)]
    public async Task Following_should_print_each_state_once_and_end_with_the_use(string end, string code, int exit)
    {
        await using var world = await TestWorld.WithCustomerAsync();
        var states = new Queue<(string State, string Use)>(
            [("released", ""), ("released", ""), ("acknowledged", ""), ("acknowledged", end)]);
        world.Broker.Hook = async (context, _) =>
        {
            if (context.Request.Path != $"/v1/customers/acme/hand-offs/{Id}")
                return false;
            Assert.Equal("Bearer t", context.Request.Headers.Authorization.ToString());
            var (state, use) = states.Dequeue();
            await TestBroker.WriteAsync(
                context, new HandOffModel(Id, "web-1", state, use, code, 1, "alice", TestInstallation.Now, TestInstallation.Now),
                ApiJson.Default.HandOffModel);
            return true;
        };
        var ran = await world.Console.RunAsync("hand-off", "follow", Id, "-c", "acme", "--output", "json");
        Assert.Equal(exit, ran.Exit);
        Assert.Equal(3, ran.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Empty(states);
    }
}
