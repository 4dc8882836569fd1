using System.Text;
using Broker.Console.Health;
using Broker.Console.Shell;
using Broker.Console.Tests.Support;

namespace Broker.Console.Tests.Commands;

public sealed class HealthSpecs
{
    [Fact]
    public async Task Ready_node_should_be_shown_with_its_conditions()
    {
        await using var world = await TestWorld.StartAsync();
        Assert.Contains("zone                 good", await world.Console.GoodAsync("health"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Node_that_is_not_ready_should_be_told_with_what_is_missing()
    {
        await using var world = await TestWorld.StartAsync();
        world.Broker.Hook = async (context, _) =>
        {
            context.Response.StatusCode = 503;
            await context.Response.Body.WriteAsync("""
                {"status":"not-ready","conditions":[{"name":"zone","good":false,"detail":"away"}],"gauges":{"secret-bytes":4096}}
                """u8.ToArray());
            return true;
        };
        var ran = await world.Console.BadAsync(5, "not-ready", "health");
        Assert.Contains("not good: away", ran.Output, StringComparison.Ordinal);
        Assert.Contains("secret-bytes         4096", ran.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"status":"ready","checks":[]}""")]
    [InlineData("""{"status":"ready","conditions":[null]}""")]
    [InlineData("""{"status":"ready","conditions":[],"gauges":{"a":1.5}}""")]
    [InlineData("""{"status":"ready","conditions":[{"name":"a","good":"yes","detail":""}]}""")]
    public void Other_answers_should_be_refused(string text) =>
        Assert.Equal("answer-malformed", Assert.Throws<CommandException>(() => HealthCommand.Read(Encoding.UTF8.GetBytes(text))).Code);

    [Fact]
    public async Task What_a_broker_says_should_not_move_the_terminal()
    {
        await using var world = await TestWorld.StartAsync();
        world.Broker.Hook = async (context, _) =>
        {
            context.Response.StatusCode = 503;
            await context.Response.Body.WriteAsync("""{"status":"\u001b[2J\u0007gone","conditions":[]}"""u8.ToArray());
            return true;
        };
        var ran = await world.Console.BadAsync(5, "not-ready", "health");
        Assert.Contains("the node is ?[2J?gone", ran.Error, StringComparison.Ordinal);
    }
}
