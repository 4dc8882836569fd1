using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

public sealed class TerminationSpecs
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    [Trait("Statement", "C1")]
    public void C1_terminate_should_stop_user_actors_then_system_actors_then_run_callbacks_in_order()
    {
        using var world = new ActorWorld();
        var order = new List<string>();
        world.System.SpawnSystem(Ending("system").Props, "s");
        world.System.Spawn(Ending("user").Props, "u").Tell(new Do(actor => actor.Spawn(Ending("child"))));
        world.System.RegisterOnTermination(() => order.Add("first"));
        world.System.RegisterOnTermination(() => throw new InvalidOperationException("ignored"));
        world.System.RegisterOnTermination(() => order.Add("second"));
        world.Run();
        Assert.True(world.Await(world.System.TerminateAsync(Second)));
        Assert.Equal(["child", "user", "system", "first", "second"], order);
        Assert.True(world.System.WhenTerminated.IsCompletedSuccessfully);
        Assert.Equal(0, world.System.ActorCount);
        Assert.Throws<InvalidOperationException>(() => world.System.RegisterOnTermination(() => { }));
        Assert.Throws<InvalidOperationException>(() => world.System.SpawnSystem(new Script().Props, "late"));
        Assert.True(world.Await(world.System.TerminateAsync(Second)));

        Script Ending(string name) => new() { PostStop = _ => { order.Add(name); return default; } };
    }

    [Fact]
    [Trait("Statement", "C1")]
    public void C1_terminate_should_say_false_at_its_deadline_and_true_when_asked_again_later()
    {
        using var world = new ActorWorld();
        var gate = new TaskCompletionSource();
        new Script { PostStop = _ => new ValueTask(gate.Task) }.SpawnIn(world);
        world.Run();
        var terminating = world.System.TerminateAsync(Second);
        world.Advance(Second * 0.999);
        Assert.False(terminating.IsCompleted);
        world.Advance(Second * 0.001);
        Assert.False(world.Await(terminating));
        Assert.False(world.System.WhenTerminated.IsCompleted);
        gate.SetResult();
        Assert.True(world.Await(world.System.TerminateAsync(Second)));
    }

    [Fact]
    [Trait("Statement", "C1")]
    public void C1_system_should_refuse_a_callback_and_a_deadline_that_mean_nothing()
    {
        using var world = new ActorWorld();
        Assert.Throws<ArgumentNullException>(() => world.System.RegisterOnTermination(null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = world.System.TerminateAsync(TimeSpan.Zero); });
        world.Run();
        Assert.False(world.System.WhenTerminated.IsCompleted);
    }

    [Fact]
    [Trait("Statement", "C1")]
    public async Task C1_dispose_should_wait_for_the_end()
    {
        var script = new Script { PostStop = async _ => await Task.Yield() };
        var system = new ActorSystem("c1", new ActorSystemOptions { DisposeDeadline = Patience.Limit });
        system.Spawn(script.Props, "it").Tell(new Say("hello"));
        await system.DisposeAsync();
        Assert.True(system.WhenTerminated.IsCompletedSuccessfully);
        Assert.Equal("dispose1", script.Log[^1]);
    }

    [Fact]
    [Trait("Statement", "C1")]
    public void C1_actor_should_be_able_to_start_the_end()
    {
        using var world = new ActorWorld();
        new Script().SpawnIn(world).Tell(new Do(actor => { _ = actor.Context.System.TerminateAsync(Second); }));
        world.Run();
        Assert.True(world.System.WhenTerminated.IsCompletedSuccessfully);
    }

    [Fact]
    [Trait("Statement", "C1")]
    public void C1_end_should_wipe_every_message_wherever_it_waits()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            using var world = new ActorWorld(seed);
            var leaks = new Leaks();
            var target = new Script().SpawnIn(world, "target");
            var it = new Script().SpawnIn(world);
            it.Tell(new Do(actor =>
            {
                actor.Context.StartTimer("t", new Owning(leaks), Second);
                actor.Context.WatchWith(target, new Owning(leaks));
            }));
            it.Tell(new Owning(leaks, (actor, self) => actor.Context.Stash(self)));
            it.Tell(new Do(actor => { _ = actor.Context.System.TerminateAsync(Second); }));
            for (var i = 0; i < 5; i++)
                it.Tell(new Owning(leaks));
            world.Run();
            it.Tell(new Owning(leaks));
            Assert.True(world.System.WhenTerminated.IsCompletedSuccessfully);
            Assert.Equal((9, 0, 0), (leaks.Births, leaks.Alive, leaks.DiedTwice));
            Assert.Equal(0, world.Time.Armed);
        }
    }
}
