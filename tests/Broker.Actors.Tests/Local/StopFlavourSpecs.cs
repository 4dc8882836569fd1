using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

public sealed class StopFlavourSpecs : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ActorWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    [Trait("Statement", "P1")]
    public void P1_stop_should_come_before_and_a_poison_pill_after_what_is_queued()
    {
        var (stopped, poisoned) = (new Script(), new Script());
        var (one, two) = (stopped.SpawnIn(_world, "one"), poisoned.SpawnIn(_world, "two"));
        _world.Run();
        one.Tell(new Say("queued"));
        one.Stop();
        two.Tell(new Say("queued"));
        two.PoisonPill();
        two.Tell(new Say("behind the pill"));
        _world.Run();
        Assert.Equal(["new1", "prestart1", "poststop1", "dispose1"], stopped.Log);
        Assert.Equal(["new1", "prestart1", "queued", "poststop1", "dispose1"], poisoned.Log);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Statement", "P1")]
    public void P1_kill_should_fail_the_actor_in_turn_and_the_supervisor_decide(bool restart)
    {
        var child = new Script();
        var parent = new Script
        {
            Strategy = new OneForOneStrategy(decider: restart ? e => e is ActorKilledException ? Directive.Restart : Directive.Stop : null),
            PreStart = actor =>
            {
                var it = actor.Spawn(child);
                it.Tell(new Say("before"));
                it.Kill();
                it.Tell(new Say("after"));
                return default;
            },
        };
        parent.SpawnIn(_world);
        _world.Run();
        Assert.Contains("before", child.Log);
        Assert.Equal(restart ? "after" : "dispose1", child.Log[^1]);
    }

    [Fact]
    [Trait("Statement", "P2")]
    public void P2_graceful_stop_should_say_true_on_termination_and_for_the_already_dead()
    {
        var it = new Script().SpawnIn(_world);
        _world.Run();
        Assert.True(_world.Await(_world.System.StopAsync(it, Second)));
        Assert.True(_world.Await(_world.System.StopAsync(it, Second)));
        Assert.Equal(0, _world.System.Timers.Count);
    }

    [Fact]
    [Trait("Statement", "P2")]
    public void P2_graceful_stop_should_say_false_on_timeout_and_unwatch()
    {
        var gate = new TaskCompletionSource();
        var it = new Script { PostStop = _ => new ValueTask(gate.Task) }.SpawnIn(_world);
        _world.Run();
        var stopping = _world.System.StopAsync(it, Second);
        _world.Run();
        Assert.False(stopping.IsCompleted);
        _world.Advance(Second);
        Assert.False(_world.Await(stopping));
        gate.SetResult();
        _world.Run();
        Assert.Equal(0, _world.System.ActorCount);
        Assert.False(((IActorRef)it).Owner!.HasWatchers);
    }

    [Fact]
    [Trait("Statement", "P2")]
    public void P2_graceful_stop_that_times_out_on_a_living_actor_should_leave_no_watcher()
    {
        var gate = new TaskCompletionSource();
        var child = new Script { PostStop = _ => new ValueTask(gate.Task) };
        var it = new Script { PreStart = actor => { actor.Spawn(child); return default; } }.SpawnIn(_world);
        _world.Run();
        var stopping = _world.System.StopAsync(it, Second);
        _world.Run();
        Assert.True(((IActorRef)it).Owner!.HasWatchers);
        _world.Advance(Second);
        Assert.False(_world.Await(stopping));
        Assert.False(((IActorRef)it).Owner!.HasWatchers);
        gate.SetResult();
        _world.Run();
    }

    [Fact]
    [Trait("Statement", "P3")]
    public void P3_waiting_for_ones_own_end_or_an_ancestors_should_be_refused()
    {
        Exception? own = null, parents = null, bySystem = null, afterAwait = null;
        var child = new Script();
        var it = new Script { PreStart = actor => { actor.Spawn(child); return default; } }.SpawnIn(_world);
        it.Tell(new Do(actor =>
        {
            own = Record.Exception(() => { _ = actor.Context.StopAsync(actor.Context.Self, Second); });
            bySystem = Record.Exception(() => { _ = actor.Context.System.StopAsync(it, Second); });
            ((ActorRef<Message>)actor.Context.Children.Single()).Tell(new Do(async leaf =>
            {
                parents = Record.Exception(() => { _ = leaf.Context.StopAsync(it, Second); });
                await Task.Yield();
                afterAwait = Record.Exception(() => { _ = leaf.Context.StopAsync(it, Second); });
            }));
        }));
        _world.Run();
        Assert.All([own, bySystem, parents, afterAwait], e => Assert.IsType<InvalidOperationException>(e));
        Assert.Equal(2, _world.System.ActorCount);
    }

    [Fact]
    [Trait("Statement", "P3")]
    public void P3_waiting_for_a_childs_end_should_work()
    {
        var result = false;
        var it = new Script().SpawnIn(_world);
        it.Tell(new Do(async actor => result = await actor.Context.StopAsync(actor.Spawn(new Script()), Second)));
        _world.Run();
        Assert.True(result);
    }
}
