using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

public sealed class StopSpecs : IDisposable
{
    private readonly ActorWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    [Trait("Statement", "S1")]
    public void S1_stop_should_let_the_message_in_hand_finish_and_run_nothing_queued_even_earlier()
    {
        var gate = new TaskCompletionSource();
        var script = new Script();
        var it = script.SpawnIn(_world);
        it.Tell(new Do(async actor => { await gate.Task; actor.Script.Note("finished"); }));
        it.Tell(new Say("queued before the stop"));
        _world.Run();
        it.Stop();
        _world.Run();
        Assert.Equal(["new1", "prestart1"], script.Log);
        gate.SetResult();
        _world.Run();
        Assert.Equal(["new1", "prestart1", "finished", "poststop1", "dispose1"], script.Log);
    }

    [Fact]
    [Trait("Statement", "S2")]
    public void S2_parent_should_run_PostStop_only_when_the_last_child_is_gone()
    {
        var gate = new TaskCompletionSource();
        var order = new List<string>();
        var slow = new Script { PostStop = async _ => { await gate.Task; order.Add("slow child"); } };
        var quick = new Script { PostStop = _ => { order.Add("quick child"); return default; } };
        var parent = new Script
        {
            PreStart = actor => { actor.Spawn(slow, "slow"); actor.Spawn(quick, "quick"); return default; },
            PostStop = _ => { order.Add("parent"); return default; },
        };
        var it = parent.SpawnIn(_world);
        _world.Run();
        it.Stop();
        _world.Run();
        Assert.Equal(["quick child"], order);
        gate.SetResult();
        _world.Run();
        Assert.Equal(["quick child", "slow child", "parent"], order);
    }

    [Fact]
    [Trait("Statement", "S3")]
    public void S3_PostStop_should_run_once_for_each_restart_and_once_for_the_stop()
    {
        var script = new Script();
        var it = script.SpawnIn(_world);
        it.Tell(new Fail());
        it.Tell(new Fail());
        it.PoisonPill();
        _world.Run();
        it.Stop();
        _world.Run();
        Assert.Equal(
            ["poststop1", "poststop2", "poststop3"], script.Log.Where(line => line.StartsWith("poststop", StringComparison.Ordinal)));
    }

    [Fact]
    [Trait("Statement", "S4")]
    public void S4_throwing_PostStop_should_be_published_and_termination_complete()
    {
        var script = new Script { PostStop = _ => throw new InvalidOperationException("no") };
        var it = script.SpawnIn(_world);
        Assert.True(_world.Await(_world.System.StopAsync(it, TimeSpan.FromSeconds(1))));
        Assert.Single(_world.Events.Of<ActorFailed>(), failed => failed.Where == FailurePoint.PostStop);
        Assert.Equal(0, _world.System.ActorCount);
    }

    [Fact]
    [Trait("Statement", "S5")]
    public void S5_end_should_go_from_PostStop_through_wiping_and_draining_to_parent_and_watchers()
    {
        var order = new List<string>();
        var leaks = new Leaks();
        var child = new Script { PostStop = _ => { order.Add("poststop"); return default; }, OnDispose = _ => order.Add("dispose") };
        using var subscription = _world.System.Events.Subscribe(e => { if (e is DeadLetter) order.Add("drained"); });
        var childrenSeen = -1;
        var parent = new Script
        {
            PreStart = actor => { actor.Context.Watch(actor.Spawn(child)); return default; },
            OnTerminated =
                (actor, _) => { childrenSeen = actor.Context.Children.Count; order.Add($"watcher, {leaks.Alive} alive"); return true; },
        };
        var it = parent.SpawnIn(_world);
        _world.Run();
        it.Tell(new Do(actor =>
        {
            var leaf = (ActorRef<Message>)actor.Context.Children.Single();
            leaf.Tell(new Do(self => self.Context.StopSelf()));
            leaf.Tell(new Owning(leaks));
        }));
        _world.Run();
        Assert.Equal(["poststop", "dispose", "drained", "watcher, 0 alive"], order);
        Assert.Equal(0, childrenSeen);
    }

    [Fact]
    [Trait("Statement", "S6")]
    public void S6_remaining_messages_should_go_to_dead_letters_in_order()
    {
        var script = new Script();
        var it = script.SpawnIn(_world);
        it.Tell(new Do(actor => actor.Context.StopSelf()));
        it.Tell(new Say("1"));
        it.Tell(new Fail());
        it.Tell(new Do(_ => { }));
        _world.Run();
        it.Tell(new Say("2"));
        Assert.Equal(
            [typeof(Say), typeof(Fail), typeof(Do), typeof(Say)],
            _world.Events.Of<DeadLetter>().Select(letter => typeof(Message).Assembly.GetType(letter.MessageType)));
        Assert.All(
            _world.Events.Of<DeadLetter>(), letter => Assert.Equal((it.Path, DeadLetterReason.Stopped), (letter.Path, letter.Reason)));
    }

    [Fact]
    [Trait("Statement", "S7")]
    public void S7_second_stop_should_do_nothing_and_a_stopped_ref_never_live_again()
    {
        var (first, second) = (new Script(), new Script());
        var old = first.SpawnIn(_world);
        old.Stop();
        old.Stop();
        _world.Run();
        var fresh = second.SpawnIn(_world);
        _world.Run();
        old.Stop();
        old.Tell(new Say("to the old one"));
        _world.Run();
        Assert.Equal(TellResult.Stopped, old.TryTell(new Say("again")));
        Assert.Equal(TellResult.Accepted, fresh.TryTell(new Say("to the new one")));
        _world.Run();
        Assert.Equal(["new1", "prestart1", "poststop1", "dispose1"], first.Log);
        Assert.Equal(["new1", "prestart1", "to the new one"], second.Log);
    }

    [Fact]
    [Trait("Statement", "S8")]
    public void S8_exception_in_failure_handling_should_stop_the_actor_and_its_children()
    {
        var dispatcher = new RefusingDispatcher(_world.Dispatcher);
        using var world = new ActorWorld(2, options => options with { Dispatcher = dispatcher });
        dispatcher.Inner = world.Dispatcher;
        var leaf = new Script();
        var child = new Script { PreStart = actor => { actor.Spawn(leaf); return default; } };
        var parent = new Script { PreStart = actor => { actor.Spawn(child); return default; } };
        var it = parent.SpawnIn(world);
        world.Run();
        it.Tell(new Do(actor =>
        {
            var doomed = (ActorRef<Message>)actor.Context.Children.Single();
            doomed.Tell(new Do(_ => { dispatcher.RefusalsLeft = 1; throw new InvalidOperationException("fail now"); }));
        }));
        world.Run();
        Assert.Contains(world.Events.Of<ActorFailed>(), failed => failed.Where == FailurePoint.FailureHandling);
        Assert.Equal("dispose1", leaf.Log[^1]);
        Assert.Equal("dispose1", child.Log[^1]);
        Assert.Equal(1, world.System.ActorCount);
    }

    [Fact]
    [Trait("Statement", "S9")]
    public void S9_terminating_actor_should_run_no_message_and_report_no_failure_upward()
    {
        var gate = new TaskCompletionSource();
        var decisions = 0;
        var leaf = new Script { PostStop = async _ => { await gate.Task; throw new InvalidOperationException("late"); } };
        var child = new Script { PreStart = actor => { actor.Spawn(leaf); return default; } };
        ActorRef<Message>? middle = null;
        var parent = new Script
        {
            Strategy = new OneForOneStrategy(decider: _ => { decisions++; return Directive.Restart; }),
            PreStart = actor => { middle = actor.Spawn(child); return default; },
        };
        parent.SpawnIn(_world);
        _world.Run();
        middle!.Stop();
        _world.Run();
        middle.Tell(new Say("while terminating"));
        ((IActorRef)middle).SendSystem(new ChildFailedMessage(((IActorRef)middle).Owner!, new InvalidOperationException("forged"), 1));
        _world.Run();
        gate.SetResult();
        _world.Run();
        Assert.Equal(0, decisions);
        Assert.Equal(["new1", "prestart1", "poststop1", "dispose1"], child.Log);
        Assert.Equal(1, child.Instances);
    }

    private sealed class RefusingDispatcher(Dispatcher inner) : Dispatcher
    {
        public Dispatcher Inner { get; set; } = inner;

        public int RefusalsLeft { get; set; }

        public override void Schedule(IThreadPoolWorkItem item)
        {
            Inner.Schedule(item);
            if (RefusalsLeft-- > 0)
                throw new InvalidOperationException("refused");
        }
    }
}
