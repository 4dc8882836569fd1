using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

public sealed class RestartSpecs : IDisposable
{
    private readonly ActorWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    [Trait("Statement", "R1")]
    public void R1_failure_should_suspend_the_whole_subtree_before_the_parent_is_told()
    {
        var grandchild = new Script();
        ActorRef<Message>? leaf = null;
        var child = new Script
        {
            PreStart = actor => { leaf = actor.Spawn(grandchild); return default; },
            PreRestart = (_, _, _) => default,
        };
        var sawSuspended = false;
        var parent = new Script
        {
            Strategy = new OneForOneStrategy(decider: _ =>
            {
                sawSuspended = ((IActorRef)leaf!).Owner!.Parent!.IsSuspended;
                leaf.Tell(new Say("while failed"));
                return Directive.Resume;
            }),
            PreStart = actor => { actor.Spawn(child).Tell(new Fail()); return default; },
        };
        parent.SpawnIn(_world);
        _world.Run();
        Assert.True(sawSuspended);
        Assert.Equal("while failed", grandchild.Log[^1]);
    }

    [Fact]
    [Trait("Statement", "R1")]
    public void R1_children_should_handle_nothing_while_their_parent_has_failed()
    {
        var gate = new TaskCompletionSource();
        var child = new Script();
        ActorRef<Message>? leaf = null;
        var script = new Script
        {
            PreStart = actor => { if (actor.Number == 1) leaf = actor.Spawn(child); return default; },
            PreRestart = (_, _, _) => new ValueTask(gate.Task),
        };
        script.SpawnIn(_world).Tell(new Fail());
        _world.Run();
        leaf!.Tell(new Say("wait"));
        _world.Run();
        Assert.DoesNotContain("wait", child.Log);
        gate.SetResult();
        _world.Run();
        Assert.Equal("wait", child.Log[^1]);
    }

    [Fact]
    [Trait("Statement", "R2")]
    public void R2_old_instance_should_get_PreRestart_with_the_failing_message_after_its_timers_were_cancelled()
    {
        var failing = new Fail(new InvalidOperationException("cause"));
        (Exception? Cause, object? Message, bool Timer) seen = default;
        var script = new Script
        {
            PreStart = actor =>
            {
                if (actor.Number == 1)
                    actor.Context.StartTimer("t", new Say("tick"), TimeSpan.FromSeconds(1));
                return default;
            },
            PreRestart = (actor, cause, message) => { seen = (cause, message, actor.Context.IsTimerActive("t")); return default; },
        };
        script.SpawnIn(_world).Tell(failing);
        _world.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((failing.Cause, failing, false), seen);
        Assert.DoesNotContain("tick", script.Log);
    }

    [Fact]
    [Trait("Statement", "R2")]
    public void R2_default_PreRestart_should_unwatch_and_stop_every_child_then_run_PostStop()
    {
        var (first, second) = (new Script(), new Script());
        var parent = new Script
        {
            PreStart = actor =>
            {
                if (actor.Number == 1)
                {
                    actor.Context.Watch(actor.Spawn(first, "one"));
                    actor.Context.Watch(actor.Spawn(second, "two"));
                }
                return default;
            },
            OnTerminated = (_, _) => true,
        };
        parent.SpawnIn(_world).Tell(new Fail());
        _world.Run();
        Assert.Equal(["new1", "prestart1", "prerestart1", "poststop1", "dispose1", "new2", "postrestart2", "prestart2"], parent.Log);
        Assert.Equal("dispose1", first.Log[^1]);
        Assert.Equal("dispose1", second.Log[^1]);
    }

    [Fact]
    [Trait("Statement", "R3")]
    public void R3_new_instance_should_wait_for_the_children_stopped_in_PreRestart()
    {
        var gate = new TaskCompletionSource();
        var child = new Script { PostStop = _ => new ValueTask(gate.Task) };
        var script = new Script { PreStart = actor => { if (actor.Number == 1) actor.Spawn(child); return default; } };
        var it = script.SpawnIn(_world);
        it.Tell(new Fail());
        it.Tell(new Say("later"));
        var watcher = new TestProbe<Message>(_world.System, "watcher");
        _world.Run();
        ((IActorRef)it).SendSystem(new WatchMessage(((IActorRef)watcher.Ref).Owner!));
        _world.Run();
        Assert.Equal(1, script.Instances);
        gate.SetResult();
        _world.Run();
        Assert.Equal(["new2", "postrestart2", "prestart2", "later"], script.Log.TakeLast(4));
    }

    [Fact]
    [Trait("Statement", "R3")]
    public void R3_stop_while_waiting_for_children_should_end_the_actor_without_a_new_instance()
    {
        var gate = new TaskCompletionSource();
        var child = new Script { PostStop = _ => new ValueTask(gate.Task) };
        var script = new Script { PreStart = actor => { actor.Spawn(child); return default; } };
        var it = script.SpawnIn(_world);
        it.Tell(new Fail());
        _world.Run();
        it.Stop();
        _world.Run();
        gate.SetResult();
        _world.Run();
        Assert.Equal(["new1", "prestart1", "prerestart1", "poststop1", "dispose1"], script.Log);
        Assert.Equal(0, _world.System.ActorCount);
    }

    [Fact]
    [Trait("Statement", "R4")]
    public void R4_failing_message_should_be_over_and_the_rest_survive_in_order()
    {
        var script = new Script();
        var it = script.SpawnIn(_world);
        foreach (var message in new Message[] { new Say("a"), new Fail(), new Say("b"), new Fail(), new Say("c"), new Say("d") })
            it.Tell(message);
        _world.Run();
        Assert.Equal(["a", "b", "c", "d"], script.Log.Where(line => line.Length == 1));
        Assert.Equal(3, script.Instances);
    }

    [Fact]
    [Trait("Statement", "R5")]
    public void R5_new_instance_should_come_from_the_factory_with_fresh_state_and_PostRestart_should_run_PreStart()
    {
        var script = new Script();
        var it = script.SpawnIn(_world);
        it.Tell(new Do(actor => actor.Count = 7));
        it.Tell(new Fail());
        it.Tell(new Do(actor => actor.Script.Note($"count{actor.Count}")));
        _world.Run();
        Assert.Equal(["new2", "postrestart2", "prestart2", "count0"], script.Log.TakeLast(4));
    }

    [Fact]
    [Trait("Statement", "R6")]
    public void R6_restart_should_keep_ref_path_and_uid_and_tell_no_watcher()
    {
        var watcher = new Script { OnTerminated = (_, _) => true };
        var script = new Script();
        var it = script.SpawnIn(_world);
        var (path, uid) = (it.Path, it.Uid);
        watcher.SpawnIn(_world, "watcher").Tell(new Do(actor => actor.Context.Watch(it)));
        it.Tell(new Fail());
        it.Tell(new Do(actor => actor.Script.Note(ReferenceEquals(actor.Context.Self, it) ? "same" : "other")));
        _world.Run();
        Assert.Equal("same", script.Log[^1]);
        Assert.Equal((path, uid), (it.Path, it.Uid));
        Assert.Equal(2, script.Instances);
        Assert.Equal(["new1", "prestart1"], watcher.Log);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Statement", "R7")]
    public void R7_children_left_alive_should_be_restarted_after_PostRestart_and_before_any_message(bool preempted)
    {
        var order = new List<string>();
        ActorRef<Message>? leaf = null;
        var child = new Script
        {
            Constructor = actor => order.Add($"child new{actor.Number}"),
        };
        var parent = new Script
        {
            PreStart = actor => { leaf = actor.Spawn(child); return default; },
            PreRestart = (_, _, _) => { leaf!.Tell(new Do(actor => order.Add($"message to {actor.Number}"))); return default; },
            PostRestart = (_, _) => { order.Add("parent postrestart"); return default; },
        };
        var it = parent.SpawnIn(_world);
        _world.Run();
        _world.Dispatcher.Preempts = preempted;
        it.Tell(new Fail());
        _world.Run();
        Assert.Equal(["child new1", "parent postrestart", "child new2", "message to 2"], order);
    }

    [Fact]
    [Trait("Statement", "R7")]
    public void R7_child_that_is_restarted_with_its_parent_should_hold_its_own_children_meanwhile()
    {
        var gate = new TaskCompletionSource();
        var leaf = new Script();
        ActorRef<Message>? leafRef = null;
        var middle = new Script
        {
            PreStart = actor => { leafRef ??= actor.Spawn(leaf); return default; },
            PreRestart = (_, _, _) => new ValueTask(gate.Task),
        };
        var parent = new Script
        {
            PreStart = actor => { if (actor.Number == 1) actor.Spawn(middle); return default; },
            PreRestart = (_, _, _) => default,
        };
        parent.SpawnIn(_world).Tell(new Fail());
        _world.Run();
        Assert.Equal((2, 1), (parent.Instances, middle.Instances));
        leafRef!.Tell(new Say("wait"));
        _world.Run();
        Assert.DoesNotContain("wait", leaf.Log);
        gate.SetResult();
        _world.Run();
        Assert.Equal((2, "wait"), (middle.Instances, leaf.Log[^1]));
    }

    [Fact]
    [Trait("Statement", "R8")]
    public void R8_throw_in_PreRestart_should_be_published_and_the_restart_go_on()
    {
        var script = new Script { PreRestart = (_, _, _) => throw new InvalidOperationException("no") };
        var it = script.SpawnIn(_world);
        it.Tell(new Fail());
        it.Tell(new Say("after"));
        _world.Run();
        Assert.Equal(["dispose1", "new2", "postrestart2", "prestart2", "after"], script.Log.TakeLast(5));
        Assert.Single(_world.Events.Of<ActorFailed>(), failed => failed.Where == FailurePoint.PreRestart);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Statement", "R8")]
    public void R8_throw_during_restart_should_be_a_new_failure_that_counts_and_not_run_PreRestart_twice(bool inConstructor)
    {
        var failures = new List<string>();
        var child = new Script
        {
            Constructor = actor => { if (inConstructor && actor.Number == 2) throw new InvalidOperationException("no"); },
            PostRestart = (actor, _) => !inConstructor && actor.Number == 2 ? throw new InvalidOperationException("no") : default,
        };
        var parent = new Script
        {
            Strategy = new OneForOneStrategy(maxRetries: 2, decider: e => { failures.Add(e.GetType().Name); return Directive.Restart; }),
            PreStart = actor =>
            {
                var it = actor.Spawn(child);
                it.Tell(new Fail());
                it.Tell(new Say("after"));
                it.Tell(new Fail());
                return default;
            },
        };
        parent.SpawnIn(_world);
        _world.Run();
        Assert.Equal([nameof(InvalidOperationException), nameof(PostRestartException), nameof(InvalidOperationException)], failures);
        Assert.Equal(["prerestart1"], child.Log.Where(line => line.StartsWith("prerestart", StringComparison.Ordinal)));
        Assert.Contains("after", child.Log);
        Assert.Empty(_world.Events.Of<ActorRestarted>());
        Assert.Equal("dispose3", child.Log[^1]);
        Assert.Equal(3, child.Instances);
    }

    [Fact]
    [Trait("Statement", "R9")]
    public void R9_every_incarnation_should_be_disposed_exactly_once()
    {
        var script = new Script { PostRestart = (actor, _) => actor.Number == 3 ? throw new InvalidOperationException("no") : default };
        var parent = new Script
        {
            Strategy = new OneForOneStrategy(decider: _ => Directive.Restart),
            PreStart = actor =>
            {
                var it = actor.Spawn(script);
                it.Tell(new Fail());
                it.Tell(new Fail());
                it.PoisonPill();
                return default;
            },
        };
        parent.SpawnIn(_world);
        _world.Run();
        Assert.Equal(["dispose1", "dispose2", "dispose3", "dispose4"], script.Log.Where(
            line => line.StartsWith("dispose", StringComparison.Ordinal)));
        Assert.Equal(4, script.Instances);
    }
}
