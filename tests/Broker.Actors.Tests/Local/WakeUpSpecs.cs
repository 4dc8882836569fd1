using Broker.TestKit;

namespace Broker.Actors.Tests.Local;

/// <summary>Many threads at one mailbox, for what is no plain message.</summary>
public sealed class WakeUpSpecs
{
    [Fact]
    [Trait("Statement", "M4")]
    public void M4_lock_of_a_mailbox_should_be_held_until_the_end_of_its_block()
    {
        var gate = new SpinLock(enableThreadOwnerTracking: false);
        using (new Hold(ref gate))
            Assert.True(gate.IsHeld);
        Assert.False(gate.IsHeld);
    }

    private const int Producers = 4;
    private const int Each = 5_000;


    [Fact]
    [Trait("Statement", "M4")]
    public async Task M4_no_system_message_of_many_producers_should_be_lost()
    {
        await using var system = new ActorSystem("m4");
        for (var round = 0; round < 10; round++)
        {
            var it = system.Spawn(new Script().Props, $"it{round}");
            var heard = new CountdownEvent(Producers * Each);
            await Produce(_ => ((IActorRef)it).SendSystem(new WatchMessage(new Listener(heard))));
            it.Stop();
            Assert.True(heard.Wait(Patience.Limit), $"{heard.CurrentCount} were not told");
        }
    }

    [Fact]
    [Trait("Statement", "M4")]
    public async Task M4_no_signal_of_many_producers_should_be_lost()
    {
        await using var system = new ActorSystem("m4");
        var piped = Enumerable.Range(0, Producers).Select(_ => Enumerable.Range(0, Each).Select(_ => new TaskCompletionSource()).ToArray())
            .ToArray();
        var (begun, done) = (new TaskCompletionSource(), new TaskCompletionSource());
        system.Spawn(Props<int>.Of(() => new Counter(piped.SelectMany(one => one), begun, done)), "it").Tell(0);
        await begun.Task.WaitAsync(Patience.Limit);
        // Each completes on its producer's thread, which queues the signal itself.
        await Produce(one => piped[one.Producer][one.Number].SetResult());
        await done.Task.WaitAsync(Patience.Limit);
    }

    private static Task Produce(Action<(int Producer, int Number)> act) =>
        Task.WhenAll(Enumerable.Range(0, Producers).Select(producer => Task.Run(() =>
    {
        for (var i = 0; i < Each; i++)
            act((producer, i));
    }))).WaitAsync(Patience.Limit);

    private sealed class Listener(CountdownEvent heard) : IDeathListener
    {
        public void OnDeath(IActorRef subject) => heard.Signal();
    }

    private sealed class Counter(IEnumerable<TaskCompletionSource> piped, TaskCompletionSource begun,
        TaskCompletionSource done) : Actor<int>
    {
        private int _count;

        protected override ValueTask Receive(int message)
        {
            if (message == 0)
            {
                foreach (var one in piped)
                    Context.PipeToSelf(one.Task, () => 1, _ => -1);
                begun.SetResult();
            }
            else if (++_count == Producers * Each)
                done.SetResult();
            return default;
        }
    }
}
