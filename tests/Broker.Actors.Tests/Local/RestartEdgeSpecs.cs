using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

/// <summary>Restarts with hooks that fail through their task, with children stopped twice, and with more than one generation.</summary>
public sealed class RestartEdgeSpecs : IDisposable
{
    private readonly ActorWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData(FailurePoint.Creation)]
    [InlineData(FailurePoint.PreRestart)]
    [InlineData(FailurePoint.PostRestart)]
    [InlineData(FailurePoint.PostStop)]
    [Trait("Statement", "L3")]
    [Trait("Statement", "R8")]
    [Trait("Statement", "S4")]
    public void L3_R8_S4_hook_that_fails_without_awaiting_should_have_failed(FailurePoint where)
    {
        static ValueTask Failed() => ValueTask.FromException(new NotSupportedException());
        var it = new Script
        {
            PreStart = _ => where == FailurePoint.Creation ? Failed() : default,
            PreRestart = (_, _, _) => where == FailurePoint.PreRestart ? Failed() : default,
            PostRestart = (_, _) => where == FailurePoint.PostRestart ? Failed() : default,
            PostStop = _ => where == FailurePoint.PostStop ? Failed() : default,
        }.SpawnIn(_world);
        it.Tell(new Fail());
        _world.Run();
        it.Stop();
        _world.Run();
        Assert.Single(_world.Events.Of<ActorFailed>(), failed => failed.Where == where);
        Assert.Equal(0, _world.System.ActorCount);
    }

    [Fact]
    [Trait("Statement", "R3")]
    public void R3_restart_should_wait_for_each_stopped_child_once_and_for_nobody_elses()
    {
        var script = new Script { PreRestart = (_, _, _) => default };
        // Of the same name as the child.
        var stranger = new Script().SpawnIn(_world, "child");
        var it = script.SpawnIn(_world);
        it.Tell(new Do(actor =>
        {
            var child = actor.Spawn(new Script());
            actor.Context.Stop(stranger);
            actor.Context.Stop(child);
            actor.Context.Stop(child);
        }));
        it.Tell(new Fail());
        _world.Run();
        it.Tell(new Say("on"));
        _world.Run();
        Assert.Equal((2, "on"), (script.Instances, script.Log[^1]));
        Assert.Equal(1, _world.System.ActorCount);
    }

    [Fact]
    [Trait("Statement", "R7")]
    public void R7_grandchild_that_stays_should_handle_nothing_until_it_is_restarted_too()
    {
        var (gate, leaf) = (new TaskCompletionSource(), new Script());
        ActorRef<Message>? middleRef = null, leafRef = null, slowRef = null;
        var slow = new Script { PostStop = _ => new ValueTask(gate.Task) };
        var middle = new Script
        {
            PreStart = actor =>
            {
                leafRef ??= actor.Spawn(leaf, "leaf");
                slowRef ??= actor.Spawn(slow, "slow");
                return default;
            },
            PreRestart = (actor, _, _) => { actor.Context.Stop(slowRef!); return default; },
        };
        var top = new Script
        {
            PreStart = actor => { middleRef ??= actor.Spawn(middle, "middle"); return default; },
            PreRestart = (_, _, _) => default,
        };
        var it = top.SpawnIn(_world);
        _world.Run();
        it.Tell(new Fail());
        _world.Run();
        leafRef!.Tell(new Do(actor => actor.Script.Note($"by {actor.Number}")));
        _world.Run();
        Assert.Equal(["new1", "prestart1"], leaf.Log);
        gate.SetResult();
        _world.Run();
        Assert.Equal("by 2", leaf.Log[^1]);
        Assert.Equal((2, 2, 2), (top.Instances, middle.Instances, leaf.Instances));
    }

    [Fact]
    [Trait("Statement", "S8")]
    public void S8_system_message_that_cannot_be_handled_should_end_the_actor()
    {
        var (other, script) = (new Script().SpawnIn(_world, "other"), new Script());
        var it = script.SpawnIn(_world);
        it.Tell(new Do(actor => actor.Context.Watch(other)));
        _world.Run();
        ((IActorRef)it).SendSystem(new DeathNoticeMessage(null!));
        _world.Run();
        Assert.Equal(FailurePoint.FailureHandling, Assert.Single(_world.Events.Of<ActorFailed>()).Where);
        Assert.Equal("dispose1", script.Log[^1]);
    }
}
