using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

public sealed class CreationSpecs : IDisposable
{
    private readonly ActorWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    [Trait("Statement", "L1")]
    public void L1_spawn_should_return_a_usable_ref()
    {
        var script = new Script();
        var it = script.SpawnIn(_world);
        it.Tell(new Say("first"));
        _world.Run();
        Assert.Equal(["new1", "prestart1", "first"], script.Log);
    }

    [Fact]
    [Trait("Statement", "L2")]
    public void L2_incarnation_should_go_from_constructor_to_PreStart_to_messages_even_when_PreStart_awaits()
    {
        var gate = new TaskCompletionSource();
        var script = new Script { PreStart = async actor => { await gate.Task; actor.Script.Note("started"); } };
        var it = script.SpawnIn(_world);
        it.Tell(new Say("message"));
        _world.Run();
        Assert.Equal(["new1", "prestart1"], script.Log);
        gate.SetResult();
        _world.Run();
        Assert.Equal(["new1", "prestart1", "started", "message"], script.Log);
    }

    [Fact]
    [Trait("Statement", "L2")]
    public void L2_PreStart_should_see_no_message_in_hand()
    {
        Exception? thrown = null;
        var early = new Say("early");
        var script = new Script { PreStart = actor => { thrown = Record.Exception(() => actor.Context.Stash(early)); return default; } };
        script.SpawnIn(_world).Tell(early);
        _world.Run();
        Assert.IsType<InvalidOperationException>(thrown);
        Assert.Contains("early", script.Log);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Statement", "L3")]
    public void L3_failed_creation_should_reach_the_parent_wrapped_and_stop_by_default(bool inConstructor)
    {
        var cause = new InvalidOperationException("no");
        Exception? seen = null;
        var child = Failing(inConstructor, times: int.MaxValue, cause);
        var parent = new Script
        {
            Strategy = new OneForOneStrategy(decider: e => SupervisorStrategy.DefaultDecider(seen = e)),
            PreStart = actor => { actor.Context.Watch(actor.Spawn(child)); return default; },
            OnTerminated = (_, _) => true,
        };
        parent.SpawnIn(_world);
        _world.Run();
        Assert.Same(cause, Assert.IsType<ActorInitializationException>(seen).InnerException);
        Assert.Equal(1, child.Instances);
        Assert.Contains("terminated child", parent.Log);
    }

    [Theory]
    [InlineData(true, Directive.Resume)]
    [InlineData(true, Directive.Restart)]
    [InlineData(false, Directive.Resume)]
    [InlineData(false, Directive.Restart)]
    [Trait("Statement", "L3")]
    public void L3_resume_and_restart_of_a_failed_creation_should_create_again(bool inConstructor, Directive directive)
    {
        var child = Failing(inConstructor, times: 2, new InvalidOperationException("no"));
        var parent = new Script
        {
            Strategy = new OneForOneStrategy(decider: _ => directive),
            PreStart = actor => { actor.Spawn(child).Tell(new Say("kept")); return default; },
        };
        parent.SpawnIn(_world);
        _world.Run();
        Assert.Equal(3, child.Instances);
        Assert.Equal(["prestart3", "kept"], child.Log.TakeLast(2));
        Assert.DoesNotContain(
            child.Log, line => line.Contains("restart", StringComparison.Ordinal) && !line.StartsWith("pre", StringComparison.Ordinal));
        Assert.DoesNotContain(child.Log, line => line.StartsWith("prerestart", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Statement", "L3")]
    public void L3_children_of_a_failed_creation_should_end_before_it_is_repeated()
    {
        var gate = new TaskCompletionSource();
        var child = new Script { PostStop = _ => new ValueTask(gate.Task) };
        var script = new Script
        {
            PreStart = actor => { actor.Spawn(child); return actor.Number == 1 ? throw new InvalidOperationException("no") : default; },
        };
        new Script
        {
            Strategy = new OneForOneStrategy(decider: _ => Directive.Restart),
            PreStart = actor => { actor.Spawn(script); return default; }
        }.SpawnIn(_world);
        _world.Run();
        Assert.Equal((1, 1), (script.Instances, child.Instances));
        gate.SetResult();
        _world.Run();
        Assert.Equal((2, 2), (script.Instances, child.Instances));
        Assert.Equal(["new1", "prestart1", "poststop1", "dispose1", "new2", "prestart2"], child.Log);
    }

    [Fact]
    [Trait("Statement", "L3")]
    public void L3_child_that_fails_while_its_parent_has_no_instance_should_be_stopped()
    {
        var gate = new TaskCompletionSource();
        var child = Failing(inConstructor: true, int.MaxValue, new InvalidOperationException("no"));
        var script = new Script { PreStart = actor => { actor.Spawn(child); throw new InvalidOperationException("no"); } };
        var top = new Script { PreStart = actor => { actor.Spawn(script); return default; } }.SpawnIn(_world);
        // Whoever would decide about the parent is busy.
        top.Tell(new Do(_ => new ValueTask(gate.Task)));
        _world.Run();
        Assert.Equal(2, _world.System.ActorCount);
        gate.SetResult();
        _world.Run();
        Assert.Equal(1, _world.System.ActorCount);
    }

    [Fact]
    [Trait("Statement", "L1")]
    public void L1_spawn_should_refuse_what_is_null()
    {
        Assert.Throws<ArgumentNullException>(() => _world.System.Spawn<Message>(null!, "it"));
        Assert.Throws<ArgumentNullException>(() => _world.System.Spawn(new Script().Props, null!));
        Assert.Throws<ArgumentNullException>(() => _world.System.SpawnSystem(new Script().Props, null!));
        Assert.Equal(0, _world.System.ActorCount);
    }

    [Fact]
    [Trait("Statement", "L5")]
    public void L5_names_that_the_kernel_gives_should_be_unique_and_start_with_a_dollar()
    {
        List<string> names = [];
        new Script().SpawnIn(_world).Tell(new Do(actor =>
        {
            for (var i = 0; i < 3; i++)
                names.Add(actor.Context.Spawn(new Script().Props).Path.Name);
        }));
        _world.Run();
        Assert.Equal(["$0", "$1", "$2"], names);
    }

    [Fact]
    [Trait("Statement", "L4")]
    public void L4_failed_PreStart_should_dispose_without_PostStop()
    {
        var script = Failing(inConstructor: false, int.MaxValue, new InvalidOperationException("no"));
        script.SpawnIn(_world);
        _world.Run();
        Assert.Equal(["new1", "prestart1", "dispose1"], script.Log);
    }

    [Fact]
    [Trait("Statement", "L4")]
    public void L4_failed_constructor_should_run_nothing_at_all()
    {
        var script = Failing(inConstructor: true, int.MaxValue, new InvalidOperationException("no"));
        script.SpawnIn(_world);
        _world.Run();
        Assert.Equal(["new1"], script.Log);
        Assert.Equal(0, _world.System.ActorCount);
    }

    [Fact]
    [Trait("Statement", "L5")]
    public void L5_name_should_be_unique_until_the_parent_has_processed_the_termination()
    {
        var results = new List<string>();
        var (first, second) = (new Script(), new Script());
        var parent = new Script { OnTerminated = (actor, _) => { actor.Spawn(second); results.Add("again"); return true; } };
        var it = parent.SpawnIn(_world);
        it.Tell(new Do(actor =>
        {
            var child = actor.Spawn(first);
            actor.Context.Watch(child);
            Assert.Throws<ActorNameInUseException>(() => actor.Spawn(second));
            actor.Context.Stop(child);
            Assert.Throws<ActorNameInUseException>(() => actor.Spawn(second));
            results.Add("refused twice");
        }));
        _world.Run();
        Assert.Equal(["refused twice", "again"], results);
        Assert.Equal(["new1", "prestart1"], second.Log);
    }

    [Fact]
    [Trait("Statement", "L5")]
    public void L5_name_should_be_released_when_creation_fails()
    {
        Failing(inConstructor: true, int.MaxValue, new InvalidOperationException("no")).SpawnIn(_world);
        _world.Run();
        var second = new Script();
        second.SpawnIn(_world);
        _world.Run();
        Assert.Equal(["new1", "prestart1"], second.Log);
    }

    [Theory]
    [InlineData("")]
    [InlineData("$mine")]
    [InlineData("a/b")]
    [InlineData("ä")]
    [Trait("Statement", "L5")]
    public void L5_name_should_be_refused_when_it_is_none(string name) =>
        Assert.Throws<ArgumentException>(() => _world.System.Spawn(new Script().Props, name));

    [Fact]
    [Trait("Statement", "L6")]
    public void L6_spawn_should_give_a_fresh_uid_and_drop_late_failures_of_the_old_one()
    {
        var (first, second) = (new Script(), new Script());
        ActorRef<Message>? old = null, fresh = null;
        var parent = new Script { OnTerminated = (actor, _) => { fresh = actor.Spawn(second); return true; } };
        var it = parent.SpawnIn(_world);
        it.Tell(new Do(actor => { old = actor.Spawn(first); actor.Context.Watch(old); actor.Context.Stop(old); }));
        _world.Run();
        Assert.NotEqual(old!.Uid, fresh!.Uid);
        Assert.Equal(old.Path, fresh.Path);
        var late = ((IActorRef)old).Owner!;
        ((IActorRef)it).SendSystem(new ChildFailedMessage(late, new InvalidOperationException("late"), 1));
        ((IActorRef)it).SendSystem(new ChildTerminatedMessage(late));
        fresh.Tell(new Say("still here"));
        it.Tell(new Do(actor => Assert.Equal(fresh, actor.Context.Children.Single())));
        _world.Run();
        Assert.Equal(["new1", "prestart1", "still here"], second.Log);
        Assert.Equal(1, parent.Instances);
    }

    [Fact]
    [Trait("Statement", "L7")]
    public void L7_spawn_on_a_terminating_parent_should_throw_and_create_nothing()
    {
        var late = new Script();
        Exception? thrown = null;
        var script = new Script { PostStop = actor => { thrown = Record.Exception(() => actor.Spawn(late)); return default; } };
        script.SpawnIn(_world).Stop();
        _world.Run();
        Assert.IsType<InvalidOperationException>(thrown);
        Assert.Equal(0, late.Instances);
        Assert.True(_world.Await(_world.System.TerminateAsync(TimeSpan.FromSeconds(1))));
        Assert.Throws<InvalidOperationException>(() => late.SpawnIn(_world));
    }

    [Fact]
    [Trait("Statement", "L8")]
    public void L8_child_spawned_while_its_parent_is_failed_should_start_suspended()
    {
        var child = new Script();
        var gate = new TaskCompletionSource();
        ActorRef<Message>? born = null;
        var parent = new Script
        {
            PreRestart = (actor, _, _) => { born = actor.Spawn(child); born.Tell(new Say("too early")); return new ValueTask(gate.Task); },
        };
        var it = parent.SpawnIn(_world);
        it.Tell(new Fail());
        _world.Run();
        Assert.Equal(["new1", "prestart1"], child.Log);
        gate.SetResult();
        _world.Run();
        Assert.Equal("too early", child.Log[^1]);
        Assert.Equal(2, child.Instances);
    }

    private static Script Failing(bool inConstructor, int times, Exception cause)
    {
        return new Script
        {
            Constructor = actor => { if (inConstructor && actor.Number <= times) throw cause; },
            PreStart = actor => !inConstructor && actor.Number <= times ? throw cause : ValueTask.CompletedTask,
        };
    }
}
