using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

/// <summary>What timers leave behind, and what a late clock does to them.</summary>
public sealed class TimerEdgeSpecs : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ActorWorld _world = new();
    private readonly Script _script = new() { OnTerminated = (_, _) => true };
    private readonly ActorRef<Message> _it;

    public TimerEdgeSpecs()
    {
        _it = _script.SpawnIn(_world);
        _world.Run();
    }

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Statement", "T1")]
    public void T1_timer_should_be_active_until_its_last_tick_or_its_end(bool periodic)
    {
        var active = new List<bool>();
        _it.Tell(new Do(actor =>
        {
            active.Add(actor.Context.IsTimerActive("t"));
            if (periodic)
                actor.Context.StartPeriodicTimer("t", Look(), Second);
            else
                actor.Context.StartTimer("t", Look(), Second);
        }));
        _it.Tell(Look());
        _world.Advance(Second);
        _it.Tell(new Do(actor => actor.Context.CancelTimer("t")));
        _it.Tell(Look());
        _world.Run();
        Assert.Equal([false, true, periodic, false], active);
        Assert.Equal(0, _world.System.Timers.Count);

        Do Look() => new(actor => active.Add(actor.Context.IsTimerActive("t")));
    }

    [Fact]
    [Trait("Statement", "T1")]
    public void T1_cancelled_and_replaced_timers_should_leave_nothing_armed()
    {
        _it.Tell(new Do(actor =>
        {
            actor.Context.StartTimer("t", new Say("1"), Second);
            actor.Context.StartTimer("t", new Say("2"), Second);
            actor.Context.StartTimer("u", new Say("3"), Second);
            actor.Context.CancelTimer("u");
        }));
        _world.Run();
        Assert.Equal(1, _world.System.Timers.Count);
        _world.Advance(Second);
        Assert.Equal("2", Assert.Single(_script.Log.Skip(2)));
    }

    [Fact]
    [Trait("Statement", "T1")]
    public void T1_timer_in_the_past_should_fire_at_once()
    {
        _it.Tell(new Do(actor => actor.Context.StartTimer("t", new Say("now"), Second * -5)));
        _world.Advance(TimeSpan.Zero);
        Assert.Equal("now", _script.Log[^1]);
    }

    [Fact]
    [Trait("Statement", "T5")]
    public void T5_receive_timeout_set_again_should_replace_and_cancelled_leave_nothing_armed()
    {
        _it.Tell(new Do(actor =>
        {
            actor.Context.SetReceiveTimeout(Second, new Say("first")); actor.Context.SetReceiveTimeout(Second * 2,
            new Say("second"));
        }));
        _world.Run();
        Assert.Equal(1, _world.System.Timers.Count);
        _world.Advance(Second * 2);
        Assert.Equal("second", Assert.Single(_script.Log.Skip(2)));
        var leaks = new Leaks();
        _it.Tell(new Do(actor => actor.Context.SetReceiveTimeout(null, new Owning(leaks))));
        _world.Run();
        Assert.Equal((0, 1, 0), (_world.System.Timers.Count, leaks.Births, leaks.Alive));
    }

    [Fact]
    [Trait("Statement", "T5")]
    public void T5_notice_of_termination_should_count_as_activity()
    {
        var target = new Script().SpawnIn(_world, "target");
        _it.Tell(new Do(actor => { actor.Context.Watch(target); actor.Context.SetReceiveTimeout(Second, new Say("idle")); }));
        _world.Advance(Second * 0.75);
        target.Stop();
        _world.Advance(Second * 0.75);
        Assert.Equal("terminated target", _script.Log[^1]);
        _world.Advance(Second * 0.25);
        Assert.Equal("idle", _script.Log[^1]);
    }

    [Fact]
    [Trait("Statement", "T1")]
    public void T1_periodic_timer_that_comes_late_should_tick_once_and_go_on_from_there()
    {
        var time = new LateTime();
        using var world = new ActorWorld(1, options => options with { Time = time });
        var script = new Script();
        script.SpawnIn(world).Tell(new Do(actor => actor.Context.StartPeriodicTimer("t", new Say("tick"), Second)));
        world.Run();
        foreach (var (now, armed) in new[] { (1.0, 1.0), (2.25, 0.75), (10.5, 1.0) })
        {
            time.Arrive(now);
            world.Run();
            Assert.Equal(Second * armed, time.Armed);
        }
        Assert.Equal(3, script.Log.Count(line => line == "tick"));
    }

    /// <summary>Its one timer fires when the test says so, however late that is.</summary>
    private sealed class LateTime : TimeProvider
    {
        private readonly List<Timer> _timers = [];
        private TimeSpan _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public TimeSpan Armed => _timers.Single().Due;

        public override long GetTimestamp() => _now.Ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new Timer(() => callback(state));
            _timers.Add(timer);
            return timer;
        }

        public void Arrive(double seconds)
        {
            _now = TimeSpan.FromSeconds(seconds);
            _timers.Single().Fire();
        }

        private sealed class Timer(Action fire) : ITimer
        {
            public TimeSpan Due { get; private set; }

            public void Fire() => fire();

            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                Due = dueTime;
                return true;
            }

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => default;
        }
    }
}
