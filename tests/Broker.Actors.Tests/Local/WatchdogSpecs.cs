using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

/// <summary>The watch on blocked threads: turns on the pool, the clock in the test's hand. It looks four times in each budget.</summary>
public sealed class WatchdogSpecs
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    private readonly ManualTime _time = new();

    [Fact]
    [Trait("Statement", "Y6")]
    public async Task Y6_watchdog_should_tell_of_a_blocked_thread_after_its_budget_and_after_each_further_one_to_its_own_system()
    {
        var (system, other) = (New("one"), New("two"));
        using var log = new EventLog(system);
        using var others = new EventLog(other);
        using var gate = new ManualResetEventSlim();
        var begun = new TaskCompletionSource();
        var it = system.Spawn(new Script().Props, "it");
        it.Tell(new Do(_ => { begun.SetResult(); gate.Wait(Patience.Limit); }));
        await begun.Task.WaitAsync(Patience.Limit);
        var told = new List<int>();
        for (var look = 0; look < 9; look++)
        {
            _time.Advance(Look);
            told.Add(log.Of<SlowHandler>().Count);
        }
        gate.Set();
        Assert.Equal([0, 0, 0, 0, 1, 1, 1, 1, 2], told);
        Assert.All(log.Of<SlowHandler>(), slow => Assert.Equal(new SlowHandler(it.Path, typeof(Do).FullName, Look * 4), slow));
        Assert.Empty(others.Of<SlowHandler>());
        await End(system, other);
    }

    [Fact]
    [Trait("Statement", "Y6")]
    public async Task Y6_watchdog_should_leave_an_actor_alone_that_is_busy_with_one_message_after_the_other()
    {
        var system = New("busy");
        using var log = new EventLog(system);
        var it = system.Spawn(new Script().Props, "it");
        var gates = Enumerable.Range(0, 12).Select(_ => (Begun: new TaskCompletionSource(), Gate: new ManualResetEventSlim())).ToList();
        foreach (var (begun, gate) in gates)
            it.Tell(new Do(_ => { begun.SetResult(); gate.Wait(Patience.Limit); }));
        foreach (var (begun, gate) in gates)
        {
            await begun.Task.WaitAsync(Patience.Limit);
            _time.Advance(Look);
            gate.Set();
        }
        Assert.Empty(log.Of<SlowHandler>());
        await End(system);
        gates.ForEach(one => one.Gate.Dispose());
    }

    [Fact]
    [Trait("Statement", "Y6")]
    public async Task Y6_watchdog_should_leave_an_actor_alone_that_is_busy_with_one_hook_after_the_other()
    {
        var system = New("restarting");
        using var log = new EventLog(system);
        var gates = Enumerable.Range(0, 12).Select(_ => (Begun: new TaskCompletionSource(), Gate: new ManualResetEventSlim())).ToList();
        var made = 0;
        var it = system.Spawn(new Script
        {
            PostRestart = (_, _) =>
            {
                var (begun, gate) = gates[made++];
                begun.SetResult();
                gate.Wait(Patience.Limit);
                return default;
            },
        }.Props, "it");
        foreach (var _ in gates)
            ((IActorRef)it).SendSystem(new RecreateMessage(new InvalidOperationException(), null));
        foreach (var (begun, gate) in gates)
        {
            await begun.Task.WaitAsync(Patience.Limit);
            _time.Advance(Look);
            gate.Set();
        }
        Assert.Empty(log.Of<SlowHandler>());
        await End(system);
        gates.ForEach(one => one.Gate.Dispose());
    }

    private async Task End(params ActorSystem[] systems)
    {
        foreach (var system in systems)
        {
            _ = system.TerminateAsync(Patience.Limit);
            await system.WhenTerminated.WaitAsync(Patience.Limit);
        }
        Assert.Equal(0, _time.Armed);
    }

    private ActorSystem New(string name) => new(name, new ActorSystemOptions { Time = _time, HandlerBudget = Look * 4 });
}
