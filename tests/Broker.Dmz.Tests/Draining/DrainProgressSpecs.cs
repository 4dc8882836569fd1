using Broker.Dmz.Draining;
using Broker.Protocol.Identifiers;
using Broker.TestKit;

namespace Broker.Dmz.Tests.Draining;

/// <summary>Whoever follows a node that leaves hears of each change, and of the end.</summary>
public sealed class DrainProgressSpecs
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private readonly DrainProgress _drain = new(new ManualTime());

    [Fact]
    public async Task A_change_should_be_waited_for()
    {
        var next = _drain.After(0, Long, default);
        Assert.False(next.IsCompleted);

        _drain.Begin("somebody");

        var state = await next;
        Assert.Equal((DrainPhase.GivingOver, "somebody", 1UL), (state.Phase, state.Reason, state.Version));
        Assert.True(_drain.IsOn);
    }

    [Fact]
    public async Task What_is_known_too_little_of_should_be_told_at_once()
    {
        _drain.Begin("somebody");
        _drain.Kept([new NotGivenOver(Name.Parse("acme"), "busy"), new NotGivenOver(Name.Parse("other"), "busy")]);
        _drain.Gave(Name.Parse("acme"));

        var state = await _drain.After(1, Long, default);

        Assert.Equal((3UL, 1), (state.Version, state.GivenOver));
        Assert.Equal([Name.Parse("other")], state.Left.Select(static l => l.Customer));
    }

    [Fact]
    public async Task A_wait_should_end_with_its_time() =>
        Assert.Equal(DrainPhase.Serving, (await _drain.After(0, TimeSpan.Zero, default)).Phase);

    [Fact]
    public async Task The_end_should_wait_for_who_follows_and_for_nobody_else()
    {
        // Nobody follows: this comes back, however long it might.
        await _drain.Told(Long);
        await _drain.After(0, TimeSpan.Zero, default);

        var told = _drain.Told(Long);
        Assert.False(told.IsCompleted);
        _drain.Close();
        Assert.False(told.IsCompleted);

        Assert.Equal(DrainPhase.Closing, (await _drain.After(0, Long, default)).Phase);
        await told;
        Assert.True(_drain.Closing.IsCancellationRequested);
        Assert.Equal(DrainPhase.Closing, (await _drain.After(ulong.MaxValue, Long, default)).Phase);
    }
}
