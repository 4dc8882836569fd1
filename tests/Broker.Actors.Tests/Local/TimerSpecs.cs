using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

public sealed class TimerSpecs : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ActorWorld _world = new();
    private readonly Script _script = new();
    private readonly Leaks _leaks = new();
    private readonly ActorRef<Message> _it;

    public TimerSpecs()
    {
        _it = _script.SpawnIn(_world);
        _world.Run();
        _script.Forget();
    }

    public void Dispose() => _world.Dispose();

    [Fact]
    [Trait("Statement", "T1")]
    public void T1_timer_should_fire_once_at_its_time_and_a_periodic_one_again_and_again()
    {
        _it.Tell(new Do(actor =>
        {
            actor.Context.StartTimer("once", new Say("once"), Second);
            actor.Context.StartPeriodicTimer("often", new Say("often"), Second * 2);
        }));
        _world.Advance(Second * 0.999);
        Assert.Empty(_script.Log);
        _world.Advance(Second * 0.001);
        Assert.Equal(["once"], _script.Log);
        _world.Advance(Second * 6);
        Assert.Equal(["once", "often", "often", "often"], _script.Log);
        _it.Tell(new Do(actor => actor.Context.CancelTimer("often")));
        _world.Advance(Second * 6);
        Assert.Equal(4, _script.Log.Count);
        Assert.Equal(0, _world.System.Timers.Count);
    }

    [Fact]
    [Trait("Statement", "T1")]
    public void T1_same_key_should_replace_and_wipe_the_replaced_message()
    {
        _it.Tell(new Do(actor =>
        {
            actor.Context.StartTimer("k", new Owning(_leaks, (_, _) => actor.Script.Note("old")), Second);
            actor.Context.StartTimer("k", new Owning(_leaks, (_, _) => actor.Script.Note("new")), Second * 2);
        }));
        _world.Run();
        Assert.Equal(1, _leaks.Alive);
        _world.Advance(Second * 3);
        Assert.Equal(["new"], _script.Log);
        Assert.Equal((2, 0, 0), (_leaks.Births, _leaks.Alive, _leaks.DiedTwice));
    }

    [Theory]
    [InlineData("replace")]
    [InlineData("cancel")]
    [Trait("Statement", "T1")]
    public void T1_tick_already_queued_should_be_void_after_replacement_or_cancellation(string how)
    {
        var gate = new TaskCompletionSource();
        _it.Tell(new Do(actor => actor.Context.StartTimer("k", new Owning(_leaks, (_, _) => actor.Script.Note("old")), Second)));
        _it.Tell(new Do(async actor =>
        {
            await gate.Task;
            if (how == "cancel")
                actor.Context.CancelTimer("k");
            else
                actor.Context.StartTimer("k", new Say("new"), Second);
        }));
        _world.Advance(Second);
        gate.SetResult();
        _world.Advance(Second * 2);
        Assert.Equal(how == "cancel" ? [] : ["new"], _script.Log);
        Assert.Equal((1, 0, 0), (_leaks.Births, _leaks.Alive, _leaks.DiedTwice));
    }

    [Fact]
    [Trait("Statement", "T1")]
    public void T1_tick_of_an_older_incarnation_should_be_void()
    {
        var gate = new TaskCompletionSource();
        _it.Tell(new Do(actor => actor.Context.StartTimer("k", new Say("old"), Second)));
        _it.Tell(new Do(async actor => { await gate.Task; throw new InvalidOperationException(); }));
        _world.Advance(Second);
        gate.SetResult();
        _world.Advance(Second);
        Assert.Equal(2, _script.Instances);
        Assert.DoesNotContain("old", _script.Log);
    }

    [Fact]
    [Trait("Statement", "T1")]
    public void T1_ticks_of_a_periodic_timer_should_not_pile_up()
    {
        var gate = new TaskCompletionSource();
        _it.Tell(new Do(async actor => { actor.Context.StartPeriodicTimer("k", new Say("tick"), Second); await gate.Task; }));
        _world.Advance(Second * 5);
        gate.SetResult();
        _world.Run();
        Assert.Equal(["tick"], _script.Log);
        _world.Advance(Second);
        Assert.Equal(["tick", "tick"], _script.Log);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Statement", "T2")]
    public void T2_timers_should_be_cancelled_and_wiped_on_stop_and_restart(bool stop)
    {
        _it.Tell(new Do(actor =>
        {
            actor.Context.StartTimer("k", new Owning(_leaks, (_, _) => actor.Script.Note("fired")), Second);
            actor.Context.StartPeriodicTimer("p", new Say("fired"), Second);
        }));
        _it.Tell(stop ? new Do(actor => actor.Context.StopSelf()) : new Fail());
        _world.Advance(Second * 3);
        Assert.DoesNotContain("fired", _script.Log);
        Assert.Equal(0, _world.System.Timers.Count);
        Assert.Equal((1, 0, 0), (_leaks.Births, _leaks.Alive, _leaks.DiedTwice));
    }

    [Fact]
    [Trait("Statement", "T3")]
    public void T3_stashed_tick_should_come_back()
    {
        var stashed = false;
        _it.Tell(new Do(actor => actor.Context.StartTimer("k", new Owning(_leaks, (self, tick) =>
        {
            if (stashed)
            {
                self.Script.Note("tick");
                return;
            }
            stashed = true;
            self.Context.Stash(tick);
        }), Second)));
        _world.Advance(Second);
        Assert.Empty(_script.Log);
        _it.Tell(new Do(actor => actor.Context.UnstashAll()));
        _world.Run();
        Assert.Equal(["tick"], _script.Log);
        Assert.Equal((1, 0, 0), (_leaks.Births, _leaks.Alive, _leaks.DiedTwice));
    }

    [Fact]
    [Trait("Statement", "T4")]
    public void T4_timer_started_in_PreRestart_should_not_outlive_the_instance()
    {
        var script = new Script
        {
            PreRestart = (actor, _, _) =>
            {
                actor.Context.StartTimer("k", new Owning(_leaks, (self, _) => self.Script.Note("fired")), Second);
                return default;
            },
        };
        script.SpawnIn(_world, "other").Tell(new Fail());
        _world.Advance(Second * 2);
        Assert.DoesNotContain("fired", script.Log);
        Assert.Equal((1, 0), (_leaks.Births, _leaks.Alive));
        Assert.Equal(0, _world.System.Timers.Count);
    }

    [Fact]
    [Trait("Statement", "T5")]
    public void T5_receive_timeout_should_come_after_idleness_again_and_again_and_rearm_with_each_message()
    {
        _it.Tell(new Do(actor => actor.Context.SetReceiveTimeout(Second * 2, new Say("idle"))));
        _world.Advance(Second * 1.5);
        _it.Tell(new Say("busy"));
        _world.Advance(Second * 1.9);
        Assert.Equal(["busy"], _script.Log);
        _world.Advance(Second * 0.1);
        Assert.Equal(["busy", "idle"], _script.Log);
        _world.Advance(Second * 2);
        Assert.Equal(["busy", "idle", "idle"], _script.Log);
    }

    [Fact]
    [Trait("Statement", "T5")]
    public void T5_marked_messages_should_not_rearm_it()
    {
        var it = new Idler(_world);
        for (var i = 0; i < 4; i++)
        {
            it.Ref.Tell(new Idler.Marked());
            _world.Advance(Second * 0.5);
        }
        Assert.Equal(1, it.Timeouts);
        it.Ref.Tell("influences");
        _world.Advance(Second * 1.9);
        Assert.Equal(1, it.Timeouts);
    }

    [Fact]
    [Trait("Statement", "T5")]
    public void T5_receive_timeout_should_count_from_the_end_of_an_awaiting_handler()
    {
        var gate = new TaskCompletionSource();
        _it.Tell(new Do(async actor => { actor.Context.SetReceiveTimeout(Second * 2, new Say("idle")); await gate.Task; }));
        _world.Advance(Second * 5);
        Assert.Empty(_script.Log);
        gate.SetResult();
        _world.Advance(Second * 1.9);
        Assert.Empty(_script.Log);
        _world.Advance(Second * 0.1);
        Assert.Equal(["idle"], _script.Log);
    }

    [Theory]
    [InlineData("off")]
    [InlineData("null")]
    [InlineData("stop")]
    [InlineData("restart")]
    [Trait("Statement", "T5")]
    public void T5_receive_timeout_should_end_when_turned_off_and_on_stop_and_restart(string how)
    {
        _it.Tell(new Do(actor => actor.Context.SetReceiveTimeout(Second, new Say("idle"))));
        _it.Tell(how switch
        {
            "off" => new Do(actor => actor.Context.CancelReceiveTimeout()),
            "null" => new Do(actor => actor.Context.SetReceiveTimeout(null, new Say("x"))),
            "stop" => new Do(actor => actor.Context.StopSelf()),
            _ => new Fail(),
        });
        _world.Advance(Second * 5);
        Assert.DoesNotContain("idle", _script.Log);
        Assert.Equal(0, _world.System.Timers.Count);
    }

    [Fact]
    [Trait("Statement", "T6")]
    public void T6_after_the_end_of_the_system_nothing_should_fire_and_nothing_be_scheduled()
    {
        var fired = new Timed();
        var later = new Timed();
        _world.System.Timers.Schedule(fired, Second);
        _world.Await(_world.System.TerminateAsync(Second * 0.5));
        _world.System.Timers.Schedule(later, Second);
        _world.Advance(Second * 5);
        Assert.Equal((0, 1), (fired.Fired, fired.Abandoned));
        Assert.Equal((0, 1), (later.Fired, later.Abandoned));
    }

    [Fact]
    [Trait("Statement", "Diff7")]
    public void Diff7_all_timers_asks_and_watches_of_a_system_should_share_one_timer_of_the_provider()
    {
        var time = new CountingTime();
        using var world = new ActorWorld(1, options => options with { Time = time });
        for (var i = 0; i < 50; i++)
        {
            var it = new Script().SpawnIn(world, $"a{i}");
            it.Tell(new Do(actor =>
            {
                actor.Context.StartTimer("t", new Say("tick"), Second);
                actor.Context.SetReceiveTimeout(Second, new Say("idle"));
            }));
            _ = it.Ask<string>(_ => new Say("no answer"), Second);
            it.Tell(new Do(_ => new ValueTask(new TaskCompletionSource().Task)));
        }
        world.Run();
        Assert.Equal(200, world.System.Timers.Count);
        Assert.Equal(1, time.Timers);
    }

    [Fact]
    [Trait("Statement", "T7")]
    public void T7_periodic_tick_whose_handling_throws_should_stop_repeating_loudly()
    {
        _it.Tell(new Do(actor => actor.Context.StartPeriodicTimer("k", new Fail(), Second)));
        _world.Advance(Second * 5);
        Assert.Equal(2, _script.Instances);
        Assert.Single(_world.Events.Of<ActorFailed>());
        Assert.Equal(0, _world.System.Timers.Count);
    }

    [Fact]
    [Trait("Statement", "T1")]
    public void T1_owning_messages_should_be_refused_where_they_would_be_delivered_twice()
    {
        var errors = new List<Exception?>();
        _it.Tell(new Do(actor =>
        {
            errors.Add(Record.Exception(() => actor.Context.StartPeriodicTimer("k", new Owning(_leaks), Second)));
            errors.Add(Record.Exception(() => actor.Context.SetReceiveTimeout(Second, new Owning(_leaks))));
        }));
        _world.Run();
        Assert.Equal(2, errors.Count);
        Assert.All(errors, e => Assert.IsType<ArgumentException>(e));
        Assert.Equal((2, 0, 0), (_leaks.Births, _leaks.Alive, _leaks.DiedTwice));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("Statement", "T1")]
    public void T1_heap_should_fire_in_order_whatever_is_added_and_removed(int seed)
    {
        var random = new SeededRandom(seed);
        var time = new ManualTime();
        using var heap = new TimerHeap(time);
        var fired = new List<long>();
        var entries = Enumerable.Range(0, 500).Select(_ => new Timed { OnFire = self => fired.Add(self.Due) }).ToList();
        foreach (var entry in entries)
            heap.Schedule(entry, TimeSpan.FromMilliseconds(random.Below(1000)));
        var removed = entries.Where(_ => random.Below(3) == 0).ToList();
        foreach (var entry in removed)
            heap.Cancel(entry);
        time.Advance(Second);
        Assert.Equal(fired.Order(), fired);
        Assert.Equal(entries.Count - removed.Count, fired.Count);
        Assert.All(removed, entry => Assert.Equal(0, entry.Fired));
        Assert.Equal(0, heap.Count);
    }

    private sealed class Timed : ITimed
    {
        public Action<Timed>? OnFire { get; init; }

        public int Fired { get; private set; }

        public int Abandoned { get; private set; }

        public long Due { get; set; }

        public int Place { get; set; }

        public void Fire()
        {
            Fired++;
            OnFire?.Invoke(this);
        }

        public void Abandon() => Abandoned++;
    }

    private sealed class Idler
    {
        public Idler(ActorWorld world) => Ref = world.System.Spawn(Props<object>.Of(() => new IdleActor(this)), "idler");

        public ActorRef<object> Ref { get; }

        public int Timeouts { get; private set; }

        public sealed record Marked : INotInfluenceReceiveTimeout;

        private sealed class IdleActor(Idler owner) : Actor<object>
        {
            protected override ValueTask PreStart()
            {
                Context.SetReceiveTimeout(Second * 2, TimeSpan.Zero);
                return default;
            }

            protected override ValueTask Receive(object message)
            {
                if (message is TimeSpan)
                    owner.Timeouts++;
                return default;
            }
        }
    }

    private sealed class CountingTime : TimeProvider
    {
        public int Timers { get; private set; }

        public override long GetTimestamp() => 0;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Timers++;
            return new ManualTime().CreateTimer(callback, state, dueTime, period);
        }
    }
}
