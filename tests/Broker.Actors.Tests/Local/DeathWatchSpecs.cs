using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

public sealed class DeathWatchSpecs : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ActorWorld _world = new();
    private readonly Script _watched = new();
    private readonly Script _watching = new() { OnTerminated = (_, _) => true };
    private readonly ActorRef<Message> _target;
    private readonly ActorRef<Message> _watcher;

    public DeathWatchSpecs()
    {
        _target = _watched.SpawnIn(_world, "target");
        _watcher = _watching.SpawnIn(_world, "watcher");
        _world.Run();
    }

    private int Notices => _watching.Log.Count(line => line == "terminated target");

    public void Dispose() => _world.Dispose();

    [Fact]
    [Trait("Statement", "D1")]
    public void D1_each_watcher_should_get_one_notice_however_often_it_watched()
    {
        var other = new Script { OnTerminated = (_, _) => true };
        other.SpawnIn(_world, "other").Tell(new Do(actor => actor.Context.Watch(_target)));
        _watcher.Tell(new Do(actor => { actor.Context.Watch(_target); actor.Context.Watch(_target); }));
        _world.Run();
        _watcher.Tell(new Do(actor => actor.Context.Watch(_target)));
        _target.Stop();
        _world.Run();
        _target.Stop();
        _world.Run();
        Assert.Equal(1, Notices);
        Assert.Equal("terminated target", Assert.Single(other.Log, line => line.StartsWith('t')));
    }

    [Fact]
    [Trait("Statement", "D2")]
    public void D2_watching_the_already_dead_should_give_one_notice()
    {
        _target.Stop();
        _world.Run();
        _watcher.Tell(new Do(actor => { actor.Context.Watch(_target); actor.Context.Watch(_target); }));
        _world.Run();
        Assert.Equal(1, Notices);
    }

    [Fact]
    [Trait("Statement", "D3")]
    public void D3_unwatch_should_win_even_over_a_queued_notice()
    {
        var gate = new TaskCompletionSource();
        _watcher.Tell(new Do(actor => actor.Context.Watch(_target)));
        _world.Run();
        _watcher.Tell(new Do(async _ => await gate.Task));
        _watcher.Tell(new Do(async actor => { await Task.Yield(); actor.Context.Unwatch(_target); }));
        _world.Run();
        _target.Stop();
        _world.Run();
        gate.SetResult();
        _world.Run();
        Assert.Equal(0, Notices);
        _watcher.Tell(new Do(actor => actor.Context.Watch(_target)));
        _world.Run();
        Assert.Equal(1, Notices);
    }

    [Fact]
    [Trait("Statement", "D4")]
    public void D4_notice_should_come_after_everything_the_watched_one_sent()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            using var world = new ActorWorld(seed);
            var watching = new Script { OnTerminated = (_, _) => true };
            var watcher = watching.SpawnIn(world, "watcher");
            var target = new Script { PostStop = _ => { watcher.Tell(new Say("from PostStop")); return default; } }
                .SpawnIn(world, "target");
            watcher.Tell(new Do(actor => actor.Context.Watch(target)));
            world.Run();
            target.Tell(new Do(actor => { watcher.Tell(new Say("last")); actor.Context.StopSelf(); }));
            world.Run();
            Assert.Equal(["last", "from PostStop", "terminated target"], watching.Log.TakeLast(3));
        }
    }

    [Fact]
    [Trait("Statement", "D5")]
    public void D5_unhandled_notice_should_stop_the_watcher_by_default()
    {
        Exception? seen = null;
        var unaware = new Script();
        var parent = new Script
        {
            Strategy = new OneForOneStrategy(decider: e => SupervisorStrategy.DefaultDecider(seen = e)),
            PreStart = actor => { actor.Spawn(unaware).Tell(new Do(child => child.Context.Watch(_target))); return default; },
        };
        parent.SpawnIn(_world, "parent");
        _world.Run();
        _target.Stop();
        _world.Run();
        Assert.Equal(_target.Path, Assert.IsType<DeathPactException>(seen).Dead);
        Assert.Equal("dispose1", unaware.Log[^1]);
    }

    [Fact]
    [Trait("Statement", "D6")]
    public void D6_stray_notice_should_be_ignored()
    {
        ((IActorRef)_watcher).SendSystem(new DeathNoticeMessage(_target));
        _world.Run();
        Assert.Equal(0, Notices);
    }

    [Fact]
    [Trait("Statement", "D7")]
    public void D7_parent_should_have_dropped_the_child_when_the_notice_comes_and_also_without_one()
    {
        var children = -1;
        var parent = new Script { OnTerminated = (actor, _) => { children = actor.Context.Children.Count; return true; } };
        var it = parent.SpawnIn(_world, "parent");
        it.Tell(new Do(actor => { var child = actor.Spawn(new Script(), "one"); actor.Context.Watch(child); child.Stop(); }));
        _world.Run();
        Assert.Equal(0, children);
        it.Tell(new Do(actor => actor.Spawn(new Script(), "two").Stop()));
        _world.Run();
        it.Tell(new Do(actor => children = 10 + actor.Context.Children.Count));
        _world.Run();
        Assert.Equal(10, children);
    }

    [Fact]
    [Trait("Statement", "D8")]
    public void D8_WatchWith_should_deliver_its_message_instead()
    {
        var leaks = new Leaks();
        var inHand = false;
        _watcher.Tell(new Do(actor => actor.Context.WatchWith(_target, new Owning(leaks, (_, owning) => inHand = !owning.IsDisposed))));
        _target.PoisonPill();
        _world.Run();
        Assert.Equal(0, Notices);
        Assert.True(inHand);
        Assert.Equal((1, 0, 0), (leaks.Births, leaks.Alive, leaks.DiedTwice));
    }

    [Fact]
    [Trait("Statement", "D8")]
    public void D8_watching_again_in_another_way_should_be_an_error_and_leak_nothing()
    {
        var leaks = new Leaks();
        var errors = new List<Exception?>();
        _watcher.Tell(new Do(actor =>
        {
            actor.Context.WatchWith(_target, new Owning(leaks));
            errors.Add(Record.Exception(() => actor.Context.Watch(_target)));
            errors.Add(Record.Exception(() => actor.Context.WatchWith(_target, new Owning(leaks))));
            actor.Context.Unwatch(_target);
            errors.Add(leaks.Alive == 0 ? new InvalidOperationException() : null);
            actor.Context.Watch(_target);
            errors.Add(Record.Exception(() => actor.Context.WatchWith(_target, new Owning(leaks))));
        }));
        _world.Run();
        Assert.Equal(4, errors.Count);
        Assert.All(errors, e => Assert.IsType<InvalidOperationException>(e));
        Assert.Equal((3, 0, 0), (leaks.Births, leaks.Alive, leaks.DiedTwice));
    }

    [Fact]
    [Trait("Statement", "D9")]
    public void D9_stopping_watcher_should_unwatch_first_so_that_no_notice_is_lost_or_leaked()
    {
        var leaks = new Leaks();
        _watcher.Tell(new Do(actor => actor.Context.WatchWith(_target, new Owning(leaks))));
        _world.Run();
        Assert.True(((IActorRef)_target).Owner!.HasWatchers);
        _watcher.Stop();
        _world.Run();
        Assert.False(((IActorRef)_target).Owner!.HasWatchers);
        _target.Stop();
        _world.Run();
        Assert.Empty(_world.Events.Of<DeadLetter>());
        Assert.Equal((1, 0, 0), (leaks.Births, leaks.Alive, leaks.DiedTwice));
    }

    [Fact]
    [Trait("Statement", "D9")]
    public void D9_watcher_should_unwatch_when_its_end_begins_not_when_its_last_child_has_gone()
    {
        var gate = new TaskCompletionSource();
        _watcher.Tell(new Do(actor =>
        {
            actor.Context.Watch(_target);
            actor.Context.StartTimer("t", new Say("tick"), Second);
            actor.Spawn(new Script { PostStop = _ => new ValueTask(gate.Task) });
        }));
        _world.Run();
        _watcher.Stop();
        _world.Run();
        Assert.Equal(2, _world.System.ActorCount - 1);
        Assert.False(((IActorRef)_target).Owner!.HasWatchers);
        // That of the watchdog, for the child that takes its time.
        Assert.Equal(1, _world.System.Timers.Count);
        gate.SetResult();
        _world.Run();
    }

    [Fact]
    [Trait("Statement", "D9")]
    public void D9_what_PostStop_watches_and_starts_should_end_with_the_actor()
    {
        var leaks = new Leaks();
        var script = new Script
        {
            PostStop = actor =>
            {
                actor.Context.WatchWith(_target, new Owning(leaks));
                actor.Context.StartTimer("t", new Owning(leaks), Second);
                return default;
            },
        };
        script.SpawnIn(_world, "late").PoisonPill();
        _world.Run();
        Assert.Equal((2, 0, 0), (leaks.Births, leaks.Alive, leaks.DiedTwice));
        Assert.False(((IActorRef)_target).Owner!.HasWatchers);
        Assert.Equal(0, _world.System.Timers.Count);
    }

    [Fact]
    [Trait("Statement", "D1")]
    public void D1_one_that_unwatches_should_not_silence_another()
    {
        var other = new Script { OnTerminated = (_, _) => true };
        var leaving = other.SpawnIn(_world, "leaving");
        foreach (var one in new[] { leaving, _watcher })
            one.Tell(new Do(actor => actor.Context.Watch(_target)));
        _world.Run();
        leaving.Tell(new Do(actor => actor.Context.Unwatch(_target)));
        _world.Run();
        _target.Stop();
        _world.Run();
        Assert.Equal(1, Notices);
        Assert.DoesNotContain("terminated target", other.Log);
    }

    [Fact]
    [Trait("Statement", "D1")]
    public void D1_watcher_of_several_should_hear_of_each()
    {
        var targets = Enumerable.Range(0, 3).Select(i => new Script().SpawnIn(_world, $"t{i}")).ToList();
        _watcher.Tell(new Do(actor => targets.ForEach(actor.Context.Watch)));
        _world.Run();
        targets.ForEach(one => one.Stop());
        _world.Run();
        Assert.Equal(["terminated t0", "terminated t1", "terminated t2"], _watching.Log.Where(line => line.StartsWith('t')).Order());
    }

    [Fact]
    [Trait("Statement", "D6")]
    public void D6_watching_oneself_should_do_nothing_and_with_a_message_be_an_error()
    {
        var leaks = new Leaks();
        Exception? refused = null;
        _watcher.Tell(new Do(actor =>
        {
            actor.Context.Watch(_watcher);
            refused = Record.Exception(() => actor.Context.WatchWith(_watcher, new Owning(leaks)));
        }));
        _world.Run();
        Assert.IsType<InvalidOperationException>(refused);
        Assert.Equal((1, 0), (leaks.Births, leaks.Alive));
        Assert.False(((IActorRef)_watcher).Owner!.HasWatchers);
        Assert.True(_world.Await(_world.System.StopAsync(_watcher, Second)));
    }

    [Fact]
    [Trait("Statement", "D2")]
    public void D2_watching_one_that_is_about_to_end_should_give_one_notice()
    {
        var gate = new TaskCompletionSource();
        var ending = new Script { PostStop = _ => new ValueTask(gate.Task) }.SpawnIn(_world, "ending");
        ending.Stop();
        _world.Run();
        _watcher.Tell(new Do(actor => actor.Context.Watch(ending)));
        _world.Run();
        gate.SetResult();
        _world.Run();
        Assert.Single(_watching.Log, "terminated ending");
    }

    [Theory]
    [InlineData("answer")]
    [InlineData("timeout")]
    [InlineData("cancel")]
    [InlineData("over before")]
    [Trait("Statement", "D10")]
    public void D10_asks_should_be_watchable(string end)
    {
        ReplyTo<string>? replyTo = null;
        using var cancel = new CancellationTokenSource();
        var ask = _target.Ask<string>(to => new Do(_ => replyTo = to), Second, cancel.Token);
        _world.Run();
        if (end == "over before")
            replyTo!.Tell("early");
        _watcher.Tell(new Do(actor => actor.Context.Watch(replyTo!)));
        _world.Run();
        if (end == "answer")
            replyTo!.Tell("done");
        else if (end == "timeout")
            _world.Advance(Second);
        else if (end == "cancel")
            cancel.Cancel();
        _world.Run();
        Assert.True(ask.IsCompleted);
        Assert.Equal($"terminated {replyTo!.Path.Name}", _watching.Log[^1]);
    }

    [Fact]
    [Trait("Statement", "D10")]
    public void D10_every_watcher_of_an_ask_should_hear_of_its_end_but_for_those_who_unwatched()
    {
        ReplyTo<string>? replyTo = null;
        _ = _target.Ask<string>(to => new Do(_ => replyTo = to), Second);
        _world.Run();
        var (stays, leaves) = (new Script { OnTerminated = (_, _) => true }, new Script { OnTerminated = (_, _) => true });
        stays.SpawnIn(_world, "stays").Tell(new Do(actor => actor.Context.Watch(replyTo!)));
        _watcher.Tell(new Do(actor => actor.Context.Watch(replyTo!)));
        var gone = leaves.SpawnIn(_world, "leaves");
        gone.Tell(new Do(actor => actor.Context.Watch(replyTo!)));
        _world.Run();
        gone.Tell(new Do(actor => actor.Context.Unwatch(replyTo!)));
        _world.Run();
        _world.Advance(Second);
        Assert.Equal($"terminated {replyTo!.Path.Name}", stays.Log[^1]);
        Assert.Equal($"terminated {replyTo.Path.Name}", _watching.Log[^1]);
        Assert.Equal(["new1", "prestart1"], leaves.Log);
    }

    [Fact]
    [Trait("Statement", "D10")]
    public void D10_asks_should_be_told_apart_by_uid_and_path_which_stay()
    {
        var asked = new List<IActorRef>();
        for (var i = 0; i < 2; i++)
            _ = _target.Ask<string>(to => new Do(_ => asked.Add(to)), Second);
        _world.Run();
        var (first, second) = (asked[0], asked[1]);
        Assert.NotEqual(first.Uid, second.Uid);
        Assert.Equal((first.Uid, second.Uid), (first.Uid, second.Uid));
        Assert.NotEqual(0, first.Uid);
        Assert.NotEqual(first.Path, second.Path);
        Assert.Same(first.Path, first.Path);
        Assert.Equal($"/user/target/$ask-{first.Uid}", first.Path.ToString());
    }
}
