using System.Runtime.CompilerServices;
using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

/// <summary>What stays in memory, and what must not.</summary>
public sealed class ResidueSpecs : IDisposable
{
    private readonly ActorWorld _world = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    [Trait("Statement", "M9")]
    public void M9_memory_of_a_burst_should_be_kept_under_load_and_given_up_after_quiet_times()
    {
        var it = new Script().SpawnIn(_world);
        var mailbox = ((Cell<Message>)((IActorRef)it).Owner!).Mailbox;
        Burst(it, 200);
        var small = mailbox.Room;
        Assert.InRange(small, 200, 600);
        Burst(it, 5_000);
        var large = mailbox.Room;
        Assert.InRange(large, 5_000, 20_000);
        // Half of the room at least once in ten seconds, and next to nothing in between.
        for (var i = 0; i < 5; i++)
        {
            Burst(it, 3_000);
            _world.Advance(TimeSpan.FromSeconds(9));
            Burst(it, 1);
            _world.Advance(TimeSpan.FromSeconds(1));
            Burst(it, 1);
            Assert.Equal(large, mailbox.Room);
        }
        _world.Advance(TimeSpan.FromSeconds(9.99));
        Burst(it, 1);
        Assert.Equal(large, mailbox.Room);
        _world.Advance(TimeSpan.FromSeconds(0.01));
        Burst(it, 1);
        Assert.InRange(mailbox.Room, 0, 600);
        Burst(it, 200);
        small = mailbox.Room;
        Assert.InRange(small, 200, 600);
        for (var i = 0; i < 3; i++)
        {
            _world.Advance(TimeSpan.FromSeconds(10));
            Burst(it, 1);
            Assert.Equal(small, mailbox.Room);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1_000)]
    [Trait("Statement", "M9")]
    public void M9_tells_to_an_actor_that_catches_up_and_falls_behind_again_should_allocate_nothing(int catchesUp)
    {
        var it = new Script().SpawnIn(_world);
        Burst(it, 5_000);
        for (var i = 0; i < catchesUp; i++)
            Burst(it, 1);
        var say = new Say(".");
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 5_000; i++)
            it.Tell(say);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    [Trait("Statement", "M9")]
    public void M9_memory_of_a_burst_behind_a_burst_should_be_given_up_as_well()
    {
        var it = new Script().SpawnIn(_world);
        var mailbox = ((Cell<Message>)((IActorRef)it).Owner!).Mailbox;
        TaskCompletionSource first = new(), second = new();
        foreach (var gate in new[] { first, second })
        {
            it.Tell(new Do(_ => new ValueTask(gate.Task)));
            Burst(it, 5_000);
        }
        first.SetResult();
        _world.Run();
        // One half of the mailbox is being emptied, the other fills again.
        Burst(it, 5_000);
        Assert.InRange(mailbox.Room, 2 * 5_000, 2 * 10_000);
        second.SetResult();
        _world.Run();
        for (var quiet = 0; quiet < 2; quiet++)
        {
            _world.Advance(TimeSpan.FromSeconds(10));
            Burst(it, 1);
        }
        Assert.InRange(mailbox.Room, 0, 600);
    }

    [Fact]
    [Trait("Statement", "M9")]
    public void M9_a_queue_of_many_arrays_should_keep_its_order_and_be_given_up()
    {
        var seen = new List<int>();
        var gate = new TaskCompletionSource();
        var it = new Script().SpawnIn(_world);
        var mailbox = ((Cell<Message>)((IActorRef)it).Owner!).Mailbox;
        it.Tell(new Do(_ => new ValueTask(gate.Task)));
        _world.Run();
        for (var i = 0; i < 40_000; i++)
        {
            var number = i;
            it.Tell(new Do(_ =>
            {
                seen.Add(number);
                return ValueTask.CompletedTask;
            }));
        }
        Assert.InRange(mailbox.Room, 40_000, 50_000);
        gate.SetResult();
        _world.Run();
        Assert.Equal(Enumerable.Range(0, 40_000), seen);
        for (var quiet = 0; quiet < 2; quiet++)
        {
            _world.Advance(TimeSpan.FromSeconds(10));
            Burst(it, 1);
        }
        Assert.InRange(mailbox.Room, 0, 600);
    }

    private void Burst(ActorRef<Message> it, int messages)
    {
        for (var i = 0; i < messages; i++)
            it.Tell(new Say("."));
        _world.Run();
    }

    [Fact]
    [Trait("Statement", "M9")]
    public void M9_nothing_should_keep_an_actor_that_has_ended()
    {
        var watched = new Script().SpawnIn(_world, "watched");
        var parent = new Script { OnTerminated = (_, _) => true };
        var it = parent.SpawnIn(_world, "parent");
        _world.Run();
        var gone = Wave(it, watched);
        _world.Advance(TimeSpan.FromSeconds(1));
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        Assert.Equal(50, gone.Count);
        Assert.Equal(0, gone.Count(one => one.IsAlive));
        Assert.False(((IActorRef)watched).Owner!.HasWatchers);
        Assert.Equal((2, 0), (_world.System.ActorCount, _world.System.Timers.Count));
    }

    /// <summary>Children that use all there is and then end.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private List<WeakReference> Wave(ActorRef<Message> parent, ActorRef<Message> watched)
    {
        var gone = new List<WeakReference>();
        parent.Tell(new Do(actor =>
        {
            for (var i = 0; i < 50; i++)
            {
                var child = actor.Spawn(new Script { Constructor = made => gone.Add(new WeakReference(made)) }, $"c{i}");
                actor.Context.Watch(child);
                child.Tell(new Do(made =>
                {
                    made.Context.Watch(watched);
                    made.Context.StartTimer("t", new Say("tick"), TimeSpan.FromSeconds(100));
                    made.Context.SetReceiveTimeout(TimeSpan.FromSeconds(100), new Say("idle"));
                    made.Spawn(new Script());
                    made.Context.PipeToSelf(
                        watched.Ask<string>(to => new Echo("x", to), TimeSpan.FromSeconds(1)), text => new Say(text), _ => new Say(""));
                    _ = made.Context.Stopping.Register(() => { });
                }));
                Do? stashed = null;
                child.Tell(stashed = new Do(made => made.Context.Stash(stashed!)));
            }
        }));
        _world.Run();
        parent.Tell(new Do(actor =>
        {
            foreach (var child in actor.Context.Children)
                child.Stop();
        }));
        _world.Run();
        return gone;
    }
}
