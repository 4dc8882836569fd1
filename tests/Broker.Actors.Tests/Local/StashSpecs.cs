using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

public sealed class StashSpecs : IDisposable
{
    private readonly ActorWorld _world = new();
    private readonly Script _script = new();
    private readonly Leaks _leaks = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    [Trait("Statement", "K1")]
    public void K1_stashing_the_same_message_twice_should_throw_but_again_on_redelivery_be_fine()
    {
        Exception? twice = null, stranger = null;
        var deliveries = 0;
        var it = _script.SpawnIn(_world);
        it.Tell(new Owning(_leaks, (actor, self) =>
        {
            if (++deliveries == 3)
                return;
            actor.Context.Stash(self);
            twice ??= Record.Exception(() => actor.Context.Stash(self));
            stranger ??= Record.Exception(() => actor.Context.Stash(new Say("not in hand")));
        }));
        it.Tell(new Do(actor => actor.Context.UnstashAll()));
        it.Tell(new Do(actor => actor.Context.UnstashAll()));
        _world.Run();
        Assert.IsType<InvalidOperationException>(twice);
        Assert.IsType<InvalidOperationException>(stranger);
        Assert.Equal(3, deliveries);
        Assert.Equal((1, 0, 0), (_leaks.Births, _leaks.Alive, _leaks.DiedTwice));
    }

    [Fact]
    [Trait("Statement", "K1")]
    public void K1_message_that_only_equals_the_one_in_hand_should_be_refused()
    {
        var refused = new List<Exception?>();
        var other = new Script().SpawnIn(_world, "other");
        var it = _world.System.Spawn(Props<Say>.Of(() => new Meddler(other, refused)), "meddler");
        it.Tell(new Say("x"));
        _world.Run();
        Assert.Equal(2, refused.Count);
        Assert.All(refused, problem => Assert.IsType<InvalidOperationException>(problem));
    }

    [Fact]
    [Trait("Statement", "K2")]
    public void K2_unstashing_should_prepend_in_the_original_order()
    {
        var it = _script.SpawnIn(_world);
        foreach (var name in new[] { "1", "2", "3" })
            it.Tell(Stashed(name));
        it.Tell(new Do(actor => actor.Context.UnstashAll()));
        it.Tell(new Say("4"));
        _world.Run();
        Assert.Equal(["1", "2", "3", "4"], _script.Log.Skip(2));
    }

    [Fact]
    [Trait("Statement", "K2")]
    public void K2_unstashing_while_unstashed_ones_wait_should_put_the_newer_first()
    {
        var it = _script.SpawnIn(_world);
        it.Tell(Stashed("1"));
        it.Tell(Stashed("2", afterwards: actor => actor.Context.UnstashAll()));
        it.Tell(new Do(actor => actor.Context.UnstashAll()));
        it.Tell(new Say("3"));
        _world.Run();
        Assert.Equal(["1", "2", "3"], _script.Log.Skip(2));
    }

    [Fact]
    [Trait("Statement", "K2")]
    public void K2_one_stashed_again_should_come_before_those_that_have_not_come_yet()
    {
        var it = _script.SpawnIn(_world);
        var deliveries = 0;
        Do? first = null;
        it.Tell(first = new Do(actor =>
        {
            if (++deliveries < 3)
                actor.Context.Stash(first!);
            else
                actor.Script.Note("1");
            if (deliveries == 2)
                actor.Context.UnstashAll();
        }));
        it.Tell(Stashed("2"));
        it.Tell(Stashed("3"));
        it.Tell(new Do(actor => actor.Context.UnstashAll()));
        it.Tell(new Say("4"));
        _world.Run();
        Assert.Equal(["1", "2", "3", "4"], _script.Log.Skip(2));
    }

    [Fact]
    [Trait("Statement", "K3")]
    public void K3_restart_should_unstash_even_when_PreRestart_is_replaced()
    {
        var script = new Script { PreRestart = (_, _, _) => default };
        var it = script.SpawnIn(_world);
        it.Tell(Stashed("stashed"));
        it.Tell(new Fail());
        it.Tell(new Say("queued"));
        _world.Run();
        Assert.Equal(["prestart2", "stashed", "queued"], script.Log.TakeLast(3));
    }

    [Fact]
    [Trait("Statement", "K3")]
    public void K3_stop_should_turn_the_stash_into_dead_letters_before_the_rest_and_wipe_it()
    {
        var it = _script.SpawnIn(_world);
        it.Tell(new Owning(_leaks, (actor, self) => actor.Context.Stash(self)));
        it.Tell(new Do(actor => actor.Context.StopSelf()));
        it.Tell(new Say("queued"));
        _world.Run();
        Assert.Equal(
            [typeof(Owning).FullName!, typeof(Say).FullName!], _world.Events.Of<DeadLetter>().Select(letter => letter.MessageType));
        Assert.Equal((1, 0, 0), (_leaks.Births, _leaks.Alive, _leaks.DiedTwice));
    }

    [Fact]
    [Trait("Statement", "K4")]
    public void K4_cleared_stash_should_be_gone_and_wiped()
    {
        var deliveries = 0;
        var it = _script.SpawnIn(_world);
        it.Tell(new Owning(_leaks, (actor, self) => { deliveries++; actor.Context.Stash(self); }));
        it.Tell(new Do(actor => { actor.Context.ClearStash(); actor.Context.UnstashAll(); }));
        _world.Run();
        Assert.Equal(1, deliveries);
        Assert.Equal((1, 0, 0), (_leaks.Births, _leaks.Alive, _leaks.DiedTwice));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Statement", "K5")]
    public void K5_unstashed_notice_should_be_delivered_again_unless_unwatched(bool unwatch)
    {
        var notices = 0;
        var target = new Script().SpawnIn(_world, "target");
        var script = new Script
        {
            OnTerminated = (actor, terminated) => { if (++notices == 1) actor.Context.Stash(terminated); return true; },
        };
        var it = script.SpawnIn(_world);
        it.Tell(new Do(actor => actor.Context.Watch(target)));
        target.PoisonPill();
        _world.Run();
        Assert.Equal(1, notices);
        it.Tell(new Do(actor => { if (unwatch) actor.Context.Unwatch(target); actor.Context.UnstashAll(); }));
        _world.Run();
        Assert.Equal(unwatch ? 1 : 2, notices);
        Assert.Equal(1, script.Instances);
    }

    [Fact]
    [Trait("Statement", "K5")]
    public void K5_notice_should_be_stashed_while_in_hand_once_among_others_and_not_beyond_capacity()
    {
        var problems = new List<Exception?>();
        Terminated? old = null;
        var targets = Enumerable.Range(0, 3).Select(i => new Script().SpawnIn(_world, $"target{i}")).ToList();
        var script = new Script
        {
            OnTerminated = (actor, terminated) =>
            {
                if (terminated.Ref == targets[1])
                {
                    problems.Add(Record.Exception(() => actor.Context.Stash(old!)));
                    actor.Context.Stash(terminated);
                    problems.Add(Record.Exception(() => actor.Context.Stash(terminated)));
                }
                if (terminated.Ref == targets[2])
                    problems.Add(Record.Exception(() => actor.Context.Stash(terminated)));
                old = terminated;
                return true;
            },
        };
        var it = _world.System.Spawn(script.Props.WithStash(2), "it");
        it.Tell(new Do(actor => targets.ForEach(actor.Context.Watch)));
        it.Tell(Stashed("first"));
        _world.Run();
        foreach (var target in targets)
        {
            target.Stop();
            _world.Run();
        }
        it.Tell(new Do(actor => problems.Add(Record.Exception(() => actor.Context.Stash(old!)))));
        _world.Run();
        Assert.Equal(
            [typeof(InvalidOperationException), typeof(InvalidOperationException), typeof(StashOverflowException), typeof(
                InvalidOperationException)],
            problems.Select(problem => problem?.GetType()));
        script.Forget();
        it.Tell(new Do(actor => actor.Context.UnstashAll()));
        _world.Run();
        Assert.Equal(["first", "terminated target1"], script.Log.Take(2));
    }

    [Fact]
    [Trait("Statement", "K4")]
    public void K4_cleared_notice_should_be_gone_so_that_its_actor_can_be_watched_again()
    {
        var target = new Script().SpawnIn(_world, "target");
        var script = new Script
        {
            OnTerminated = (actor, terminated) => { if (actor.Count++ == 0) actor.Context.Stash(terminated); return true; },
        };
        var it = script.SpawnIn(_world);
        it.Tell(new Do(actor => actor.Context.Watch(target)));
        target.PoisonPill();
        _world.Run();
        it.Tell(new Do(actor => { actor.Context.ClearStash(); actor.Context.WatchWith(target, new Say("watched again")); }));
        _world.Run();
        Assert.Equal("watched again", script.Log[^1]);
        Assert.Single(script.Log, "terminated target");
    }

    [Fact]
    [Trait("Statement", "K6")]
    public void K6_overflow_should_throw_and_the_message_be_wiped()
    {
        var it = _world.System.Spawn(_script.Props.WithStash(1), "it");
        Exception? overflow = null;
        it.Tell(new Owning(_leaks, (actor, self) => actor.Context.Stash(self)));
        it.Tell(new Owning(_leaks, (actor, self) => overflow = Record.Exception(() => actor.Context.Stash(self))));
        _world.Run();
        Assert.IsType<StashOverflowException>(overflow);
        Assert.Equal((2, 1), (_leaks.Births, _leaks.Alive));
    }

    private sealed class Meddler(ActorRef<Message> other, List<Exception?> refused) : Actor<Say>
    {
        protected override ValueTask Receive(Say message)
        {
            refused.Add(Record.Exception(() => Context.Stash(new Say(message.Text))));
            refused.Add(Record.Exception(() => Context.Forward<Message>(other, new Say(message.Text))));
            return default;
        }
    }

    private static Do Stashed(string name, Action<ScriptedActor>? afterwards = null)
    {
        var first = true;
        Do? self = null;
        return self = new Do(actor =>
        {
            if (!first)
            {
                actor.Script.Note(name);
                return;
            }
            first = false;
            actor.Context.Stash(self!);
            afterwards?.Invoke(actor);
        });
    }
}
