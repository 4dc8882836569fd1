using Broker.Links.Tests.Support;
using Broker.Links.Zone;
using Broker.Protocol.Wire.Zone;
using Broker.TestKit;
using Microsoft.AspNetCore.Http;

namespace Broker.Links.Tests;

/// <summary>
/// A change that may be done twice goes to another node where one owes its answer; what became of it is never told as a refusal.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "xunit awaits DisposeAsync of IAsyncLifetime")]
public sealed class ZoneRepeatingSpecs : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly ManualTime _time = new();
    private ScriptedZone _first = null!;
    private ScriptedZone _second = null!;
    private ZoneClient _client = null!;

    public async Task InitializeAsync()
    {
        (_first, _second) = (await ScriptedZone.StartAsync(), await ScriptedZone.StartAsync());
        _client = new ZoneClient(
            new ZoneClientOptions([_first.Address, _second.Address]) { Deadline = Deadline, ConnectTimeout = Patience.Limit },
            ScriptedZone.Dmz(), _time);
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _first.DisposeAsync();
        await _second.DisposeAsync();
    }

    [Fact]
    public async Task Node_that_hangs_should_hold_it_for_half_a_second_and_then_be_left_out()
    {
        var arrived = Hang(_first);
        var append = AppendAsync();
        await arrived;
        _time.Advance(TimeSpan.FromMilliseconds(499));
        Assert.False(append.IsCompleted);
        Assert.Equal(0, _second.Calls);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await append;
        for (var i = 0; i < 4; i++)
            await AppendAsync();
        Assert.Equal((1, 5), (_first.Calls, _second.Calls));
    }

    [Fact]
    public async Task Node_that_dies_in_the_middle_of_its_answer_should_cost_nothing()
    {
        _first.Script = BreakOff;
        await AppendAsync();
        Assert.Equal((1, 1), (_first.Calls, _second.Calls));
    }

    [Fact]
    public async Task Last_node_should_have_until_the_deadline_and_the_outcome_be_unknown_then()
    {
        var (first, second) = (Hang(_first), Hang(_second));
        var append = AppendAsync();
        await first;
        _time.Advance(TimeSpan.FromMilliseconds(500));
        await second;
        _time.Advance(Deadline - TimeSpan.FromMilliseconds(501));
        Assert.False(append.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await Assert.ThrowsAsync<ZoneUnknownOutcomeException>(() => append);
    }

    [Theory]
    [InlineData(409, "fence-stale")]
    [InlineData(503, "rate-exceeded")]
    [InlineData(503, "store-failed")]
    public async Task Refusal_by_another_node_should_say_nothing_of_what_the_first_one_did(int status, string code)
    {
        _first.Script = BreakOff;
        _second.Refusal = new ZoneRefusal(status, code, "as it says");
        await Assert.ThrowsAsync<ZoneUnknownOutcomeException>(() => AppendAsync());
        Assert.Equal((1, 1), (_first.Calls, _second.Calls));
    }

    [Fact]
    public async Task Refusal_by_the_first_node_should_stand()
    {
        _first.Refusal = new ZoneRefusal(409, "fence-stale", "as it says");
        var refused = await Assert.ThrowsAsync<ZoneRefusedException>(() => AppendAsync());
        Assert.Equal(("fence-stale", 0), (refused.Code, _second.Calls));
    }

    private static Task Hang(ScriptedZone zone)
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        zone.Script = _ =>
        {
            arrived.TrySetResult();
            return new TaskCompletionSource().Task;
        };
        return arrived.Task;
    }

    private static async Task BreakOff(HttpContext context)
    {
        context.Response.ContentLength = 100;
        await context.Response.Body.WriteAsync(new byte[10]);
        await context.Response.Body.FlushAsync();
        context.Abort();
    }

    private Task<AppendOutcomeReply> AppendAsync() => _client.AppendOutcomeAsync(new AppendOutcomeRequest(), default);
}
