using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

public sealed class AllForOneSpecs : IDisposable
{
    private readonly ActorWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("Statement", "V4")]
    public void V4_all_for_one_should_restart_all_siblings_and_let_none_handle_a_message_in_between(int seed)
    {
        using var world = new ActorWorld(seed);
        var (one, two) = (new Script(), new Script());
        ActorRef<Message>? first = null, second = null;
        var parent = new Script
        {
            Strategy = new AllForOneStrategy(
                decider: _ => { second!.Tell(new Do(actor => actor.Script.Note($"by {actor.Number}"))); return Directive.Restart; }),
            PreStart = actor => { first = actor.Spawn(one, "one"); second = actor.Spawn(two, "two"); return default; },
        };
        parent.SpawnIn(world);
        world.Run();
        var gate = new TaskCompletionSource();
        second!.Tell(new Do(_ => new ValueTask(gate.Task)));
        world.Run();
        first!.Tell(new Fail());
        world.Run();
        gate.SetResult();
        world.Run();
        Assert.Equal((2, 2), (one.Instances, two.Instances));
        Assert.Equal("by 2", two.Log[^1]);
    }

    [Fact]
    [Trait("Statement", "V4")]
    public void V4_all_for_one_should_suspend_every_sibling_before_it_restarts_any()
    {
        ActorRef<Message>? first = null, second = null;
        var two = new Script();
        var one = new Script
        {
            PreRestart = (_, _, _) => { second!.Tell(new Do(actor => actor.Script.Note($"by {actor.Number}"))); return default; },
        };
        var parent = new Script
        {
            Strategy = new AllForOneStrategy(),
            PreStart = actor => { first = actor.Spawn(one, "one"); second = actor.Spawn(two, "two"); return default; },
        };
        parent.SpawnIn(_world);
        _world.Run();
        first!.Tell(new Fail());
        while (_world.Events.Of<ActorFailed>().Count == 0)
            _world.Dispatcher.RunOne();
        _world.Dispatcher.Preempts = true;
        _world.Run();
        Assert.Equal("by 2", two.Log[^1]);
        Assert.DoesNotContain("by 1", two.Log);
    }

    [Fact]
    [Trait("Statement", "V4")]
    public void V4_all_for_one_should_restart_siblings_that_have_been_restarted_more_often()
    {
        var (one, two) = (new Script(), new Script());
        ActorRef<Message>? first = null, second = null;
        var it = new Script { Strategy = new AllForOneStrategy(), PreStart = actor => { first = actor.Spawn(one, "one"); return default; } }
            .SpawnIn(_world);
        _world.Run();
        first!.Tell(new Fail());
        _world.Run();
        it.Tell(new Do(actor => second = actor.Spawn(two, "two")));
        _world.Run();
        second!.Tell(new Fail());
        first.Tell(new Say("on"));
        second.Tell(new Say("on"));
        _world.Run();
        Assert.Equal((3, 2), (one.Instances, two.Instances));
        Assert.Equal(("on", "on"), (one.Log[^1], two.Log[^1]));
    }

    [Fact]
    [Trait("Statement", "V4")]
    public void V4_all_for_one_should_stop_all_when_one_sibling_has_no_permission_left()
    {
        var (one, two) = (new Script(), new Script());
        ActorRef<Message>? first = null, second = null;
        var parent = new Script
        {
            Strategy = new AllForOneStrategy(maxRetries: 1),
            PreStart = actor => { first = actor.Spawn(one, "one"); return default; },
        };
        var it = parent.SpawnIn(_world);
        _world.Run();
        first!.Tell(new Fail());
        _world.Run();
        it.Tell(new Do(actor => second = actor.Spawn(two, "two")));
        _world.Run();
        second!.Tell(new Fail());
        _world.Run();
        Assert.Equal("dispose2", one.Log[^1]);
        Assert.Equal("dispose1", two.Log[^1]);
        Assert.Equal(1, _world.System.ActorCount);
    }

    [Fact]
    [Trait("Statement", "V4")]
    [Trait("Statement", "V7")]
    public void V4_V7_failure_that_a_restart_of_all_has_answered_already_should_not_restart_its_child_again()
    {
        var (one, two, gate) = (new Script(), new Script(), new TaskCompletionSource());
        ActorRef<Message>? first = null, second = null;
        var parent = new Script
        {
            Strategy = new AllForOneStrategy(),
            PreStart = actor => { first = actor.Spawn(one, "one"); second = actor.Spawn(two, "two"); return default; },
        }.SpawnIn(_world);
        _world.Run();
        parent.Tell(new Do(_ => new ValueTask(gate.Task)));
        foreach (var child in new[] { first!, second! })
        {
            child.Tell(new Fail());
            _world.Run();
        }
        gate.SetResult();
        second!.Tell(new Say("on"));
        _world.Run();
        Assert.Equal((2, "on"), (two.Instances, two.Log[^1]));
    }
}
