using Broker.Dmz.Agents;
using Broker.TestKit;

namespace Broker.Dmz.Tests.AcrossNodes;

/// <summary>The line in which thousands of agents wait that come back at once.</summary>
public sealed class HandshakePaceSpecs
{
    private readonly ManualTime _time = new();

    [Fact]
    public void What_was_saved_should_be_begun_at_once_and_the_rest_at_the_rate()
    {
        var pace = new HandshakePace(_time, 100);
        var waits = Reserve(pace, 151, TimeSpan.FromMinutes(1));

        Assert.Equal(51, waits.Count(static w => w == TimeSpan.Zero));
        Assert.Equal(TimeSpan.FromSeconds(1), waits[^1]);
        Assert.Equal(waits.Order(), waits);
    }

    [Fact]
    public void Five_thousand_at_once_should_wait_in_line_or_be_spread_by_the_rate()
    {
        var pace = new HandshakePace(_time, 200);
        var (inLine, sentAway) = (0, new List<TimeSpan>());
        for (var i = 0; i < 5000; i++)
        {
            if (pace.TryReserve(TimeSpan.FromSeconds(10), out var wait))
            {
                inLine++;
                Assert.InRange(wait, TimeSpan.Zero, TimeSpan.FromSeconds(10));
            }
            else
            {
                sentAway.Add(wait);
            }
        }

        Assert.InRange(inLine, 2000, 2200);
        Assert.All(sentAway, static w => Assert.InRange(w, TimeSpan.FromSeconds(10), HandshakePace.Latest));
        Assert.InRange(sentAway.GroupBy(static w => (int)w.TotalSeconds).Max(static g => g.Count()), 1, 201);
    }

    [Fact]
    public void Who_comes_again_when_told_should_find_a_place()
    {
        var pace = new HandshakePace(_time, 10);
        Reserve(pace, 6, TimeSpan.Zero);
        Assert.False(pace.TryReserve(TimeSpan.Zero, out var first));
        Assert.False(pace.TryReserve(TimeSpan.Zero, out var second));
        Assert.True(first < second);

        _time.Advance(first);
        Assert.True(pace.TryReserve(TimeSpan.Zero, out _));
        _time.Advance(second - first);
        Assert.True(pace.TryReserve(TimeSpan.Zero, out _));
    }

    [Fact]
    public void Nobody_should_be_sent_away_for_longer_than_a_minute()
    {
        var pace = new HandshakePace(_time, 1);
        for (var i = 0; i < 1000; i++)
        {
            pace.TryReserve(TimeSpan.Zero, out var wait);
            Assert.InRange(wait, TimeSpan.Zero, HandshakePace.Latest);
        }
    }

    private static List<TimeSpan> Reserve(HandshakePace pace, int count, TimeSpan line)
    {
        var waits = new List<TimeSpan>();
        for (var i = 0; i < count; i++)
        {
            Assert.True(pace.TryReserve(line, out var wait));
            waits.Add(wait);
        }

        return waits;
    }
}
