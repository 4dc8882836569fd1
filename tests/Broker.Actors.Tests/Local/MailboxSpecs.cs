using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

public sealed class MailboxSpecs : IDisposable
{

    private readonly ActorWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    [Trait("Statement", "M1")]
    public async Task M1_one_actor_should_handle_one_message_at_a_time()
    {
        await using var system = new ActorSystem("m1");
        var (inside, overlaps, done) = (0, 0, new TaskCompletionSource());
        const int Messages = 20_000;
        var it = system.Spawn(new Script().Props, "it");
        Parallel.For(0, 4, _ =>
        {
            for (var i = 0; i < Messages / 4; i++)
            {
                it.Tell(new Do(actor =>
                {
                    if (Interlocked.Increment(ref inside) != 1)
                        overlaps++;
                    if (++actor.Count == Messages)
                        done.SetResult();
                    Interlocked.Decrement(ref inside);
                }));
            }
        });
        await done.Task.WaitAsync(Patience.Limit);
        Assert.Equal(0, overlaps);
    }

    [Fact]
    [Trait("Statement", "M1")]
    public async Task M1_many_actors_should_run_in_parallel()
    {
        await using var system = new ActorSystem("m1");
        var (here, there) = (new TaskCompletionSource(), new TaskCompletionSource());
        system.Spawn(new Script().Props, "one").Tell(new Do(async _ => { here.SetResult(); await there.Task; }));
        system.Spawn(new Script().Props, "two").Tell(new Do(async _ => { there.SetResult(); await here.Task; }));
        await Task.WhenAll(here.Task, there.Task).WaitAsync(Patience.Limit);
    }

    [Fact]
    [Trait("Statement", "M2")]
    public void M2_system_messages_should_run_before_and_after_each_user_message()
    {
        var script = new Script();
        var it = script.SpawnIn(_world);
        it.Tell(new Do(actor => { actor.Script.Note("one"); ((IActorRef)actor.Context.Self).SendSystem(new HoldMessage()); }));
        it.Tell(new Say("two"));
        _world.Run();
        Assert.Equal("one", script.Log[^1]);
        it.Stop();
        _world.Run();
        Assert.Equal(["one", "poststop1", "dispose1"], script.Log.TakeLast(3));
    }

    [Fact]
    [Trait("Statement", "M3")]
    public void M3_own_failure_and_ancestors_failures_should_all_be_lifted_before_a_message_runs()
    {
        TaskCompletionSource upper = new(), lower = new();
        var leaf = new Script();
        ActorRef<Message>? leafRef = null, middleRef = null;
        var middle = new Script
        {
            PreStart = actor => { leafRef ??= actor.Spawn(leaf); return default; },
            PreRestart = (_, _, _) => new ValueTask(lower.Task),
        };
        var top = new Script
        {
            PreStart = actor => { middleRef ??= actor.Spawn(middle); return default; },
            PreRestart = (_, _, _) => new ValueTask(upper.Task),
            Strategy = new OneForOneStrategy(),
        };
        var it = top.SpawnIn(_world);
        _world.Run();
        middleRef!.Tell(new Fail());
        _world.Run();
        it.Tell(new Fail());
        _world.Run();
        leafRef!.Tell(new Say("through"));
        _world.Run();
        Assert.DoesNotContain("through", leaf.Log);
        lower.SetResult();
        _world.Run();
        Assert.DoesNotContain("through", leaf.Log);
        upper.SetResult();
        _world.Run();
        Assert.Equal("through", leaf.Log[^1]);
        leafRef.Tell(new Say("and on"));
        _world.Run();
        Assert.Equal("and on", leaf.Log[^1]);
    }

    [Fact]
    [Trait("Statement", "M3")]
    public void M3_suspension_should_hold_user_messages_only()
    {
        var gate = new TaskCompletionSource();
        var child = new Script();
        ActorRef<Message>? leaf = null;
        var it = new Script
        {
            PreStart = actor => { leaf ??= actor.Spawn(child); return default; },
            PreRestart = (_, _, _) =>
            new ValueTask(gate.Task)
        }.SpawnIn(_world);
        it.Tell(new Fail());
        _world.Run();
        leaf!.Tell(new Say("user"));
        leaf.Stop();
        _world.Run();
        Assert.Equal(["new1", "prestart1", "poststop1", "dispose1"], child.Log);
        gate.SetResult();
        _world.Run();
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1000)]
    [Trait("Statement", "M3")]
    public void M3_queue_of_a_suspended_actor_should_be_whole_afterwards_however_long(int messages)
    {
        var gate = new TaskCompletionSource();
        var child = new Script();
        ActorRef<Message>? leaf = null;
        var it = new Script
        {
            PreStart = actor => { leaf ??= actor.Spawn(child); return default; },
            PreRestart = (_, _, _) =>
            new ValueTask(gate.Task)
        }.SpawnIn(_world);
        it.Tell(new Fail());
        _world.Run();
        var said = Enumerable.Range(0, messages).Select(i => $"{i}").ToList();
        foreach (var text in said)
        {
            leaf!.Tell(new Say(text));
            // It has a turn, may not handle anything, and goes idle with its queue, for longer than memory is kept.
            _world.Advance(TimeSpan.FromSeconds(1));
        }
        gate.SetResult();
        _world.Run();
        Assert.Equal(said, child.Log.TakeLast(messages));
    }

    [Fact]
    [Trait("Statement", "M4")]
    public async Task M4_no_wake_up_should_be_lost_under_many_producers()
    {
        await using var system = new ActorSystem("m4", new ActorSystemOptions { Throughput = 3 });
        const int Producers = 4, Rounds = 30_000;
        var counters = Enumerable.Range(0, 8).Select(i => system.Spawn(Props<int>.Of(() => new Acknowledging()), $"a{i}")).ToArray();
        var producers = Enumerable.Range(0, Producers).Select(p => Task.Run(async () =>
        {
            for (var i = 0; i < Rounds; i++)
            {
                counters[(i * 7 + p) % counters.Length].Tell(i);
                if (i % 64 == 0)
                    await Task.Yield();
            }
        }));
        await Task.WhenAll(producers).WaitAsync(Patience.Limit);
        // No later message may help: only the queued ones bring the sum up.
        while (Acknowledging.Handled(counters) < (long)Producers * Rounds)
            await Acknowledging.Changed.WaitAsync(Patience.Limit);
        Assert.Equal((long)Producers * Rounds, Acknowledging.Handled(counters));
    }

    [Fact]
    [Trait("Statement", "M4")]
    public async Task M4_each_single_message_to_an_idle_actor_should_wake_it()
    {
        await using var system = new ActorSystem("m4");
        var it = system.Spawn(new Script().Props, "it");
        for (var i = 0; i < 20_000; i++)
        {
            var told = i.ToString(System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal(told, await it.Ask<string>(to => new Echo(told, to), Patience.Limit));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [Trait("Statement", "M5")]
    public void M5_turn_should_handle_exactly_throughput_messages(int throughput)
    {
        using var world = new ActorWorld(1, options => options with { Throughput = throughput });
        var script = new Script();
        var it = script.SpawnIn(world);
        world.Run();
        script.Forget();
        for (var i = 0; i < throughput * 2 + 1; i++)
            it.Tell(new Say("."));
        Assert.True(world.Dispatcher.RunOne());
        Assert.Equal(throughput, script.Log.Count);
        Assert.True(world.Dispatcher.RunOne());
        Assert.Equal(throughput * 2, script.Log.Count);
        Assert.True(world.Dispatcher.RunOne());
        Assert.Equal(throughput * 2 + 1, script.Log.Count);
        Assert.False(world.Dispatcher.RunOne());
    }

    [Theory]
    [InlineData(1, 6)]
    [InlineData(2, 3)]
    [InlineData(6, 1)]
    [InlineData(7, 1)]
    [Trait("Statement", "M5")]
    public void M5_handlers_that_await_should_count_towards_the_throughput_as_well(int throughput, int turns)
    {
        var dispatcher = new CountingDispatcher { Inner = _world.Dispatcher };
        using var world = new ActorWorld(1, options => options with { Throughput = throughput, Dispatcher = dispatcher });
        dispatcher.Inner = world.Dispatcher;
        var script = new Script();
        var it = script.SpawnIn(world);
        world.Run();
        dispatcher.Turns = 0;
        for (var i = 0; i < 6; i++)
            it.Tell(new Do(async actor => { await Task.Yield(); actor.Script.Note("."); }));
        world.Run();
        Assert.Equal(6, script.Log.Count(line => line == "."));
        Assert.Equal(turns, dispatcher.Turns);
    }

    [Theory]
    [InlineData("signal")]
    [InlineData("system message")]
    [InlineData("message")]
    [Trait("Statement", "M1")]
    public void M1_mailbox_should_be_queued_once_whatever_comes_first_and_second(string first)
    {
        var dispatcher = new CountingDispatcher { Inner = _world.Dispatcher };
        using var world = new ActorWorld(1, options => options with { Dispatcher = dispatcher });
        dispatcher.Inner = world.Dispatcher;
        var it = new Script().SpawnIn(world);
        world.Run();
        dispatcher.Turns = 0;
        if (first == "signal")
            it.Kill();
        else if (first == "system message")
            ((IActorRef)it).SendSystem(new ResumeMessage(null));
        else
            it.Tell(new Say("first"));
        it.Tell(new Say("message"));
        it.PoisonPill();
        ((IActorRef)it).SendSystem(new ResumeMessage(null));
        Assert.Equal(1, dispatcher.Turns);
        world.Run();
    }

    [Fact]
    [Trait("Statement", "M6")]
    public void M6_closed_mailbox_should_accept_nothing_and_answer_a_watch()
    {
        var it = new Script().SpawnIn(_world);
        it.Stop();
        _world.Run();
        Assert.Equal(TellResult.Stopped, it.TryTell(new Say("late")));
        var watcher = new Script { OnTerminated = (_, _) => true };
        watcher.SpawnIn(_world, "watcher").Tell(new Do(actor => actor.Context.Watch(it)));
        _world.Run();
        Assert.Equal("terminated it", watcher.Log[^1]);
    }

    [Fact]
    [Trait("Statement", "M7")]
    public void M7_full_mailbox_should_answer_busy_at_once_wipe_and_publish()
    {
        var leaks = new Leaks();
        var script = new Script();
        var it = _world.System.Spawn(script.Props.WithMailbox(2), "it");
        Assert.Equal(TellResult.Accepted, it.TryTell(new Owning(leaks)));
        Assert.Equal(TellResult.Accepted, it.TryTell(new Say("second")));
        Assert.Equal(TellResult.Busy, it.TryTell(new Owning(leaks)));
        Assert.Equal(1, leaks.Alive);
        Assert.Equal(DeadLetterReason.MailboxFull, Assert.Single(_world.Events.Of<DeadLetter>()).Reason);
        var ask = it.Ask<string>(to => new Echo("", to), Patience.Limit);
        Assert.IsType<ActorBusyException>(ask.Exception?.InnerException);
        _world.Run();
        Assert.Equal(TellResult.Accepted, it.TryTell(new Say("room again")));
        _world.Run();
        Assert.Equal("room again", script.Log[^1]);
        Assert.Equal(0, leaks.Alive);
    }

    [Fact]
    [Trait("Statement", "M7")]
    public void M7_full_mailbox_should_still_take_timers_and_notices()
    {
        var script = new Script { OnTerminated = (_, _) => true };
        var it = _world.System.Spawn(script.Props.WithMailbox(1), "it");
        var other = new Script().SpawnIn(_world, "other");
        it.Tell(new Do(actor => { actor.Context.Watch(other); actor.Context.StartTimer("t", new Say("tick"), TimeSpan.FromSeconds(1)); }));
        _world.Run();
        var gate = new TaskCompletionSource();
        it.Tell(new Do(_ => new ValueTask(gate.Task)));
        _world.Run();
        it.Tell(new Say("fills it"));
        Assert.Equal(TellResult.Busy, it.TryTell(new Say("over")));
        other.Stop();
        _world.Advance(TimeSpan.FromSeconds(1));
        gate.SetResult();
        _world.Run();
        Assert.Contains("tick", script.Log);
        Assert.Contains("fills it", script.Log);
        Assert.DoesNotContain("over", script.Log);
    }

    [Fact]
    [Trait("Statement", "M7")]
    public void M7_timers_and_notices_should_take_no_room_and_give_none()
    {
        var script = new Script { OnTerminated = (_, _) => true };
        var it = _world.System.Spawn(script.Props.WithMailbox(2), "it");
        var others = Enumerable.Range(0, 3).Select(i => new Script().SpawnIn(_world, $"other{i}")).ToList();
        it.Tell(new Do(actor => others.ForEach(actor.Context.Watch)));
        _world.Run();
        others.ForEach(other => other.Stop());
        _world.Run();
        Assert.Equal(3, script.Log.Count(line => line.StartsWith("terminated", StringComparison.Ordinal)));
        Assert.Equal(
            [TellResult.Accepted, TellResult.Accepted, TellResult.Busy],
            Enumerable.Range(0, 3).Select(_ => it.TryTell(new Say("x"))).ToList());
    }

    [Fact]
    [Trait("Statement", "M8")]
    public async Task M8_throwing_handler_should_not_hurt_dispatcher_or_others()
    {
        await using var system = new ActorSystem("m8");
        var (bad, good) = (system.Spawn(new Script().Props, "bad"), system.Spawn(new Script().Props, "good"));
        for (var i = 0; i < 200; i++)
            bad.Tell(new Fail());
        Assert.Equal("alive", await good.Ask<string>(to => new Echo("alive", to), Patience.Limit));
        Assert.Equal("alive too", await bad.Ask<string>(to => new Echo("alive too", to), Patience.Limit));
    }

    [Fact]
    [Trait("Statement", "M9")]
    public async Task M9_waves_of_spawn_and_stop_should_leave_nothing_behind()
    {
        await using var system = new ActorSystem("m9");
        for (var wave = 0; wave < 5; wave++)
        {
            var refs = Enumerable.Range(0, 2_000).Select(i => system.Spawn(new Script().Props, $"a{wave}-{i}")).ToArray();
            foreach (var one in refs)
                one.Tell(new Say("hello"));
            Assert.All(await Task.WhenAll(refs.Select(one => system.StopAsync(one, Patience.Limit))), Assert.True);
            Assert.Equal(0, system.ActorCount);
            Assert.Equal(0, system.Timers.Count);
        }
    }

    /// <summary>Counts how often the mailbox of an actor is put into the queue of the threads.</summary>
    private sealed class CountingDispatcher : Dispatcher
    {
        public required Dispatcher Inner { get; set; }

        public int Turns { get; set; }

        public override void Schedule(IThreadPoolWorkItem item)
        {
            if (item is Mailbox<Message>)
                Turns++;
            Inner.Schedule(item);
        }
    }

    private sealed class Acknowledging : Actor<int>
    {
        private static readonly SemaphoreSlim Signal = new(0);
        private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, long> Counts = new();

        private long _handled;

        public static Task<bool> Changed => Signal.WaitAsync(Patience.Limit);

        public static long Handled(ActorRef<int>[] refs) => refs.Sum(one => Counts.GetValueOrDefault(one.Path.Name));

        protected override ValueTask Receive(int message)
        {
            Counts[Context.Path.Name] = ++_handled;
            Signal.Release();
            return default;
        }
    }
}
