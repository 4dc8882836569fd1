using Broker.Dmz.Agents;
using Broker.TestKit;

namespace Broker.Dmz.Tests.AcrossNodes;

/// <summary>The order in which sessions begin that come together.</summary>
public sealed class HandshakePlacesSpecs : IDisposable
{
    private readonly ActorWorld _world = new();
    private readonly List<TestProbe<AgentSessionMessage>> _sessions;

    // How much each had been told when it entered last.
    private readonly int[] _toldBefore = new int[6];

    public HandshakePlacesSpecs() =>
        _sessions = [.. Enumerable.Range(0, 6).Select(i => _world.Probe<AgentSessionMessage>($"session-{i}"))];

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Sessions_should_begin_in_the_order_in_which_they_came()
    {
        var places = Places(2);
        Enter(places, 0, 1, 2, 3);

        ShouldBeTold(0, 1);
        places.Leave(_sessions[1].Ref);
        ShouldBeTold(2);
        places.Leave(_sessions[0].Ref);
        ShouldBeTold(3);
    }

    [Fact]
    public void Who_leaves_the_line_should_not_be_told_and_hold_nobody_up()
    {
        var places = Places(1);
        Enter(places, 0, 1, 2);
        ShouldBeTold(0);

        places.Leave(_sessions[1].Ref);
        ShouldBeTold();
        places.Leave(_sessions[0].Ref);
        ShouldBeTold(2);
    }

    [Fact]
    public void Who_comes_again_should_wait_at_the_end_of_the_line()
    {
        var places = Places(1);
        Enter(places, 0, 1, 2);
        ShouldBeTold(0);

        places.Leave(_sessions[1].Ref);
        Enter(places, 1);
        places.Leave(_sessions[0].Ref);
        ShouldBeTold(2);
        places.Leave(_sessions[2].Ref);
        ShouldBeTold(1);
    }

    [Fact]
    public void A_place_that_is_held_for_too_long_should_be_taken_by_the_next()
    {
        var places = Places(2);
        Enter(places, 0);
        _world.Advance(HandshakePlaces.Patience / 2);
        Enter(places, 1, 2);
        ShouldBeTold(0, 1);

        _world.Advance(HandshakePlaces.Patience / 2);
        Enter(places, 3);
        ShouldBeTold(2);
        // What the first does now is nobody's place.
        places.Leave(_sessions[0].Ref);
        ShouldBeTold();
        places.Leave(_sessions[1].Ref);
        ShouldBeTold(3);
    }

    [Fact]
    public void A_session_that_is_gone_should_hold_a_place_no_longer_than_any_other()
    {
        var places = Places(1);
        _sessions[0].Ref.Stop();
        _world.Run();
        Enter(places, 0, 1);
        ShouldBeTold();

        _world.Advance(HandshakePlaces.Patience);
        Enter(places, 2);
        ShouldBeTold(1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void There_should_never_be_more_under_way_than_places_nor_a_place_free_while_one_waits(int seed)
    {
        var random = new SeededRandom(seed);
        var places = Places(2);
        var line = new List<int>();
        for (var step = 0; step < 1000; step++)
        {
            var session = (int)(random.NextDouble() * _sessions.Count);
            if (line.Remove(session))
            {
                places.Leave(_sessions[session].Ref);
            }
            else
            {
                line.Add(session);
                Enter(places, session);
            }

            _world.Run();
            Assert.Equal(line.Count, places.Count);
            Assert.Equal(line.Take(2).Order(), UnderWay().Order());
        }

        line.ForEach(s => places.Leave(_sessions[s].Ref));
        Assert.Equal(0, places.Count);

        IEnumerable<int> UnderWay() => line.Where(s => _sessions[s].All.Count > _toldBefore[s]);
    }

    private HandshakePlaces Places(int count) => new(_world.Time, count);

    private void Enter(HandshakePlaces places, params int[] sessions)
    {
        foreach (var session in sessions)
        {
            _toldBefore[session] = _sessions[session].All.Count;
            places.Enter(_sessions[session].Ref);
        }
    }

    // Each of these, and nobody else.
    private void ShouldBeTold(params int[] sessions)
    {
        foreach (var session in sessions)
        {
            _sessions[session].Expect<AgentSessionMessage.Greet>();
        }

        _sessions.ForEach(static s => s.ExpectNothing());
    }
}
