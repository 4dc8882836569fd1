using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

public sealed class OwnershipSpecs : IDisposable
{
    private readonly ActorWorld _world = new();
    private readonly Script _script = new();
    private readonly Leaks _leaks = new();
    private readonly ActorRef<Message> _it;

    public OwnershipSpecs()
    {
        _it = _script.SpawnIn(_world);
        _world.Run();
    }

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData("restart")]
    [InlineData("stop")]
    [InlineData("failed PreStart")]
    [InlineData("failed PostRestart")]
    [InlineData("throwing PostStop")]
    [Trait("Statement", "W1")]
    [Trait("Statement", "Diff4")]
    public void W1_Diff4_every_end_of_an_incarnation_should_run_its_wipe_exactly_once(string end)
    {
        var wiped = new List<int>();
        var script = new Script
        {
            OnDispose = actor => wiped.Add(actor.Number),
            PreStart = _ => end == "failed PreStart" ? throw new InvalidOperationException() : default,
            PreRestart = (_, _, _) => default,
            PostRestart = (_, _) => end == "failed PostRestart" ? throw new InvalidOperationException() : default,
            PostStop = _ => end == "throwing PostStop" ? throw new InvalidOperationException() : default,
        };
        var it = script.SpawnIn(_world, "wiped");
        if (end.EndsWith("estart", StringComparison.Ordinal))
            it.Tell(new Fail());
        else
            it.PoisonPill();
        _world.Run();
        Assert.Equal(end switch { "failed PostRestart" => [1, 2], _ => [1], }, wiped);
    }

    [Fact]
    [Trait("Statement", "W2")]
    public void W2_constructor_should_see_no_hook_run_when_it_throws_so_it_must_own_nothing()
    {
        var wiped = 0;
        var script = new Script { Constructor = _ => throw new InvalidOperationException(), OnDispose = _ => wiped++ };
        script.SpawnIn(_world, "bad");
        _world.Run();
        Assert.Equal(0, wiped);
    }

    [Fact]
    [Trait("Statement", "W3")]
    public void W3_wipe_should_run_before_watchers_hear_even_when_PostStop_or_the_wipe_itself_throws()
    {
        var order = new List<string>();
        var script = new Script
        {
            PostStop = _ => throw new InvalidOperationException(),
            OnDispose = _ => { order.Add("wipe"); throw new InvalidOperationException(); },
        };
        var target = script.SpawnIn(_world, "target");
        var watcher = new Script { OnTerminated = (_, _) => { order.Add("watcher"); return true; } }.SpawnIn(_world, "watcher");
        watcher.Tell(new Do(actor => actor.Context.Watch(target)));
        ((IActorRef)target).SendSystem(new WatchMessage(new Listener(() => order.Add("told"))));
        _world.Run();
        target.Stop();
        _world.Run();
        Assert.Equal(["wipe", "told", "watcher"], order);
        Assert.Single(_world.Events.Of<ActorFailed>(), failed => failed.Where == FailurePoint.Dispose);
    }

    [Fact]
    [Trait("Statement", "W3")]
    public void W3_wipe_should_run_before_the_next_incarnation_is_made()
    {
        _it.Tell(new Fail());
        _world.Run();
        Assert.True(_script.Log.ToList().IndexOf("dispose1") < _script.Log.ToList().IndexOf("new2"));
    }

    [Theory]
    [InlineData("handled")]
    [InlineData("handler throws")]
    [InlineData("queued at stop")]
    [InlineData("told after the end")]
    [InlineData("never created")]
    [Trait("Statement", "W4")]
    [Trait("Statement", "Diff4")]
    public void W4_Diff4_owning_message_should_be_wiped_once_on_every_path(string path)
    {
        var it = path == "never created"
            ? new Script { Constructor = _ => throw new InvalidOperationException() }.SpawnIn(_world, "bad")
            : _it;
        if (path == "queued at stop")
            it.Tell(new Do(actor => actor.Context.StopSelf()));
        if (path == "told after the end")
        {
            it.Stop();
            _world.Run();
        }
        it.Tell(new Owning(_leaks, path == "handler throws" ? (_, _) => throw new InvalidOperationException() : null));
        _world.Run();
        Assert.Equal((1, 0, 0), (_leaks.Births, _leaks.Alive, _leaks.DiedTwice));
    }

    [Fact]
    [Trait("Statement", "W4")]
    public void W4_message_that_failed_should_be_wiped_at_once_and_PreRestart_not_see_it()
    {
        var seen = new List<object?>();
        var script = new Script { PreRestart = (_, _, message) => { seen.Add(message); return default; } };
        var it = script.SpawnIn(_world, "other");
        it.Tell(new Owning(_leaks, (_, _) => throw new InvalidOperationException()));
        _world.Run();
        Assert.Equal([null], seen);
        Assert.Equal((1, 0, 0), (_leaks.Births, _leaks.Alive, _leaks.DiedTwice));
    }

    [Theory]
    [InlineData("living")]
    [InlineData("dead")]
    [InlineData("full")]
    [InlineData("then throws")]
    [Trait("Statement", "W4")]
    public void W4_forwarded_message_should_be_wiped_once_by_its_last_owner(string target)
    {
        var alive = new List<bool>();
        var next = _world.System.Spawn(new Script().Props.WithMailbox(1), "next");
        _world.Run();
        if (target == "dead")
            next.Stop();
        _world.Run();
        if (target == "full")
            next.Tell(new Say("fills it"));
        var hops = 0;
        Exception? again = null;
        _it.Tell(new Owning(_leaks, (actor, self) =>
        {
            alive.Add(!self.IsDisposed);
            if (hops++ > 0)
                return;
            actor.Context.Forward(next, self);
            again = Record.Exception(() => actor.Context.Forward(next, self));
            if (target == "then throws")
                throw new InvalidOperationException();
        }));
        _world.Run();
        Assert.IsType<InvalidOperationException>(again);
        Assert.All(alive, Assert.True);
        if (target is "living" or "then throws")
            Assert.Equal(2, hops);
        Assert.Equal((1, 0, 0), (_leaks.Births, _leaks.Alive, _leaks.DiedTwice));
    }

    [Fact]
    [Trait("Statement", "W4")]
    public void W4_message_whose_wipe_throws_should_be_published_and_hurt_nobody()
    {
        var it = _world.System.Spawn(Props<IDisposable>.Of(() => new Sink()), "sink");
        it.Tell(new Throwing());
        it.Tell(new Throwing());
        _world.Run();
        Assert.Equal(2, _world.Events.Of<ActorFailed>().Count(failed => failed.Where == FailurePoint.MessageDispose));
    }

    /// <summary>Hears of an end on the turn of the one that ends.</summary>
    private sealed class Listener(Action told) : IDeathListener
    {
        public void OnDeath(IActorRef subject) => told();
    }

    private sealed class Sink : Actor<IDisposable>
    {
        protected override ValueTask Receive(IDisposable message) => default;
    }

    private sealed class Throwing : IDisposable
    {
        public void Dispose() => throw new InvalidOperationException();
    }
}
