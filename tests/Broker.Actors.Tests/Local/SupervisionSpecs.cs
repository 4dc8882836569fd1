using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

public sealed class SupervisionSpecs : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ActorWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    [Trait("Statement", "V1")]
    public void V1_default_decider_should_restart_but_stop_on_failed_creation_kill_and_death_pact()
    {
        var path = new ActorPath(null, "x");
        var none = new InvalidOperationException();
        Assert.Equal(Directive.Restart, SupervisorStrategy.DefaultDecider(none));
        Assert.Equal(Directive.Stop, SupervisorStrategy.DefaultDecider(new ActorInitializationException(path, none)));
        Assert.Equal(Directive.Stop, SupervisorStrategy.DefaultDecider(new PostRestartException(path, none)));
        Assert.Equal(Directive.Stop, SupervisorStrategy.DefaultDecider(new ActorKilledException(path)));
        Assert.Equal(Directive.Stop, SupervisorStrategy.DefaultDecider(new DeathPactException(path, path)));
    }

    [Fact]
    [Trait("Statement", "V2")]
    public void V2_resume_should_keep_state_mailbox_and_children()
    {
        var leaf = new Script();
        var child = new Script { PreStart = actor => { actor.Spawn(leaf); return default; } };
        ActorRef<Message>? it = null;
        Supervisor(_ => Directive.Resume, actor => it = actor.Spawn(child)).SpawnIn(_world);
        _world.Run();
        it!.Tell(new Do(actor => actor.Count = 3));
        it.Tell(new Fail());
        it.Tell(new Do(actor => actor.Script.Note($"count{actor.Count} children{actor.Context.Children.Count}")));
        it.Tell(new Do(actor => ((ActorRef<Message>)actor.Context.Children.Single()).Tell(new Say("child too"))));
        _world.Run();
        Assert.Equal(["new1", "prestart1", "count3 children1"], child.Log);
        Assert.Equal(["new1", "prestart1", "child too"], leaf.Log);
    }

    [Fact]
    [Trait("Statement", "V3")]
    public void V3_escalation_should_fail_the_parent_with_the_same_cause()
    {
        var cause = new InvalidOperationException("up");
        Exception? seen = null;
        ActorRef<Message>? leaf = null;
        var middle = Supervisor(_ => Directive.Escalate, actor => leaf = actor.Spawn(new Script()));
        Supervisor(e => { seen = e; return Directive.Restart; }, actor => actor.Spawn(middle)).SpawnIn(_world);
        _world.Run();
        leaf!.Tell(new Fail(cause));
        _world.Run();
        Assert.Same(cause, seen);
        Assert.Equal(2, middle.Instances);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [Trait("Statement", "V3")]
    public void V3_resume_after_several_escalations_should_wake_every_child(int seed)
    {
        using var world = new ActorWorld(seed);
        var (one, two) = (new Script(), new Script());
        ActorRef<Message>? first = null, second = null;
        var middle = Supervisor(_ => Directive.Escalate, actor => { first = actor.Spawn(one, "one"); second = actor.Spawn(two, "two"); });
        Supervisor(_ => Directive.Resume, actor => actor.Spawn(middle)).SpawnIn(world);
        world.Run();
        first!.Tell(new Fail());
        second!.Tell(new Fail());
        first.Tell(new Say("again"));
        second.Tell(new Say("again"));
        world.Run();
        Assert.Equal("again", one.Log[^1]);
        Assert.Equal("again", two.Log[^1]);
        Assert.Equal(1, middle.Instances);
    }

    [Fact]
    [Trait("Statement", "V3")]
    public void V3_second_escalation_of_an_actor_that_has_failed_already_should_not_be_decided_again()
    {
        var gate = new TaskCompletionSource();
        var decisions = 0;
        var (one, two) = (new Script(), new Script());
        ActorRef<Message>? first = null, second = null;
        var middle = Supervisor(_ => Directive.Escalate, actor => { first = actor.Spawn(one, "one"); second = actor.Spawn(two, "two"); });
        var top = Supervisor(_ => { decisions++; return Directive.Resume; }, actor => actor.Spawn(middle)).SpawnIn(_world);
        _world.Run();
        top.Tell(new Do(_ => new ValueTask(gate.Task)));
        _world.Run();
        first!.Tell(new Fail());
        second!.Tell(new Fail());
        _world.Run();
        gate.SetResult();
        _world.Run();
        Assert.Equal(1, decisions);
        first.Tell(new Say("again"));
        second.Tell(new Say("again"));
        _world.Run();
        Assert.Equal(("again", "again"), (one.Log[^1], two.Log[^1]));
    }

    [Fact]
    [Trait("Statement", "V3")]
    public void V3_escalation_of_the_guardian_should_end_the_system()
    {
        using var world = new ActorWorld(1, options => options with { Guardian = new OneForOneStrategy(decider: _ => Directive.Escalate) });
        var (bad, other) = (new Script(), new Script());
        other.SpawnIn(world, "other");
        bad.SpawnIn(world, "bad").Tell(new Fail());
        world.Run();
        Assert.True(world.System.WhenTerminated.IsCompletedSuccessfully);
        Assert.Equal("dispose1", other.Log[^1]);
        Assert.Equal("dispose1", bad.Log[^1]);
    }

    [Fact]
    [Trait("Statement", "V4")]
    public void V4_one_for_one_should_touch_the_failed_child_only()
    {
        var (one, two) = (new Script(), new Script());
        ActorRef<Message>? first = null;
        Supervisor(_ => Directive.Restart, actor => { first = actor.Spawn(one, "one"); actor.Spawn(two, "two"); }).SpawnIn(_world);
        _world.Run();
        first!.Tell(new Fail());
        _world.Run();
        Assert.Equal((2, 1), (one.Instances, two.Instances));
    }

    [Fact]
    [Trait("Statement", "V5")]
    [Trait("Statement", "Diff9")]
    public void V5_Diff9_permission_should_follow_retries_and_tumbling_window()
    {
        var time = new ManualTime();
        Assert.Equal([false, false], Permits(new RestartLimit(0, null), time, 2));
        Assert.Equal([false], Permits(new RestartLimit(0, Second), time, 1));
        Assert.Equal([true, true, true, true], Permits(new RestartLimit(-1, null), time, 4));
        Assert.Equal([true, true, false, false], Permits(new RestartLimit(2, null), time, 4, Second * 100));
        Assert.Equal([true, true, false], Permits(new RestartLimit(2, Second), time, 3));
        Assert.Equal([true, false], Permits(new RestartLimit(-1, Second), time, 2));
        // Opened at 0, closed after 1 s: the failures at 0, 0.6 and 1.0 s are in one window, that at 1.2 s opens the next.
        Assert.Equal([true, true, false, true, true, false], Permits(
            new RestartLimit(2, Second), time, 6, Second * 0.0, Second * 0.6, Second * 0.4, Second * 0.2, Second * 0.9, Second * 0.1));
    }

    [Theory]
    [InlineData(-2, 1)]
    [InlineData(1, 0)]
    [InlineData(1, -1)]
    [Trait("Statement", "V5")]
    public void V5_meaningless_limits_should_be_refused(int retries, int seconds) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new OneForOneStrategy(retries, Second * seconds));

    [Fact]
    [Trait("Statement", "V6")]
    public void V6_denied_restart_should_stop_the_child_with_PostStop_and_one_notice()
    {
        var child = new Script();
        ActorRef<Message>? it = null;
        var parent = new Script
        {
            Strategy = new OneForOneStrategy(maxRetries: 2),
            PreStart = actor => { it = actor.Spawn(child); actor.Context.Watch(it); return default; },
            OnTerminated = (_, _) => true,
        };
        parent.SpawnIn(_world);
        _world.Run();
        for (var i = 0; i < 4; i++)
            it!.Tell(new Fail());
        _world.Run();
        Assert.Equal(3, child.Instances);
        Assert.Equal(["poststop3", "dispose3"], child.Log.TakeLast(2));
        Assert.Single(parent.Log, "terminated child");
    }

    [Fact]
    [Trait("Statement", "V7")]
    public void V7_failures_of_strangers_and_old_incarnations_should_be_ignored()
    {
        var decisions = 0;
        ActorRef<Message>? it = null;
        var child = new Script();
        var parent = Supervisor(_ => { decisions++; return Directive.Restart; }, actor => it = actor.Spawn(child)).SpawnIn(_world);
        var stranger = new Script().SpawnIn(_world, "stranger");
        _world.Run();
        ((IActorRef)parent).SendSystem(new ChildFailedMessage(((IActorRef)stranger).Owner!, new InvalidOperationException(), 1));
        _world.Run();
        Assert.Equal(0, decisions);
        it!.Tell(new Fail());
        _world.Run();
        // The failure of incarnation 1 once more: decided again, but it is not incarnation 2's.
        ((IActorRef)parent).SendSystem(new ChildFailedMessage(((IActorRef)it).Owner!, new InvalidOperationException(), 1));
        _world.Run();
        Assert.Equal(2, child.Instances);
    }

    [Fact]
    [Trait("Statement", "V7")]
    public void V7_resume_meant_for_an_old_incarnation_should_not_wake_a_failed_one()
    {
        var gate = new TaskCompletionSource();
        var child = new Script();
        ActorRef<Message>? it = null;
        var parent = Supervisor(_ => Directive.Restart, actor => it = actor.Spawn(child)).SpawnIn(_world);
        _world.Run();
        it!.Tell(new Fail());
        _world.Run();
        parent.Tell(new Do(_ => new ValueTask(gate.Task)));
        _world.Run();
        it.Tell(new Fail());
        it.Tell(new Say("after"));
        _world.Run();
        ((IActorRef)it).SendSystem(new ResumeMessage(1));
        _world.Run();
        Assert.DoesNotContain("after", child.Log);
        gate.SetResult();
        _world.Run();
        Assert.Equal((3, "after"), (child.Instances, child.Log[^1]));
    }

    [Fact]
    [Trait("Statement", "V8")]
    public void V8_message_before_a_failure_may_come_before_or_after_the_notice_but_does_come()
    {
        var orders = new HashSet<string>();
        for (var seed = 1; seed <= 40; seed++)
        {
            using var world = new ActorWorld(seed);
            var order = "";
            ActorRef<Message>? child = null;
            var parent = new Script
            {
                Strategy = new OneForOneStrategy(decider: _ => { order += "F"; return Directive.Resume; }),
                PreStart = actor => { child = actor.Spawn(new Script()); return default; },
            };
            var it = parent.SpawnIn(world);
            world.Run();
            world.Dispatcher.Preempts = seed % 2 == 0;
            it.Tell(new Do(async _ => await Task.Yield()));
            child!.Tell(new Do(_ => { it.Tell(new Do(_ => order += "M")); throw new InvalidOperationException(); }));
            world.Run();
            orders.Add(order);
        }
        Assert.Equal(["FM", "MF"], orders.Order());
    }

    [Fact]
    [Trait("Statement", "V3")]
    public void V3_throwing_strategy_should_be_the_supervisors_own_failure()
    {
        ActorRef<Message>? leaf = null;
        Exception? seen = null;
        var middle = Supervisor(_ => throw new NotSupportedException("bad decider"), actor => leaf = actor.Spawn(new Script()));
        Supervisor(e => { seen = e; return Directive.Restart; }, actor => actor.Spawn(middle)).SpawnIn(_world);
        _world.Run();
        leaf!.Tell(new Fail());
        _world.Run();
        Assert.IsType<NotSupportedException>(seen);
        Assert.Equal(2, middle.Instances);
    }

    private static bool[] Permits(RestartLimit limit, ManualTime time, int times, params TimeSpan[] waits)
    {
        var account = new RestartAccount();
        return [.. Enumerable.Range(0, times).Select(i =>
        {
            time.Advance(i < waits.Length ? waits[i] : TimeSpan.Zero);
            return account.Permit(limit, time);
        })];
    }

    private static Script Supervisor(Func<Exception, Directive> decider, Action<ScriptedActor> preStart) => new()
    {
        Strategy = new OneForOneStrategy(decider: decider),
        PreStart = actor => { preStart(actor); return default; },
    };
}
