using Broker.TestKit;

namespace Broker.Actors.Tests.Chaos;

/// <summary>
/// Whatever random trees of actors do and suffer: each owning message and each incarnation is disposed exactly once, and everything ends.
/// </summary>
public sealed class LeakProperties
{
    private const int Seeds = 5000;

    [Fact]
    [Trait("Statement", "W4")]
    [Trait("Statement", "W1")]
    public void W4_W1_nothing_should_leak_or_die_twice_in_any_schedule()
    {
        long births = 0, incarnations = 0, failures = 0, deadLetters = 0, restarts = 0;
        for (var seed = 1; seed <= Seeds; seed++)
        {
            using var world = new ActorWorld(seed, options => options with { Throughput = 1 + seed % 3 });
            var disorder = new Disorder(seed, TimeSpan.FromSeconds(1));
            Feed(world.System, disorder, () => world.Dispatcher.RunOne());
            world.Advance(TimeSpan.FromSeconds(disorder.Random.Below(4)));
            if (seed % 2 == 0)
            {
                world.Advance(TimeSpan.FromSeconds(60));
                Assert.True(disorder.Stuck() is [], $"seed {seed}: {string.Join(", ", disorder.Stuck())}");
            }
            var ended = world.System.TerminateAsync(TimeSpan.FromMinutes(1));
            Assert.True(world.Await(ended), $"seed {seed}: the system does not end");
            world.Advance(TimeSpan.FromSeconds(10));
            Check(world.System, disorder, $"seed {seed}");
            births += disorder.Messages.Births;
            incarnations += disorder.Incarnations.Births;
            failures += world.Events.Of<ActorFailed>().Count;
            restarts += world.Events.Of<ActorRestarted>().Count;
            deadLetters += world.System.DeadLetterCount;
        }
        var summary =
            $"{births} messages, {incarnations} incarnations, {failures} failures, {restarts} restarts, {deadLetters} dead letters";
        // Too quiet a run would prove nothing.
        Assert.True(births > Seeds * 50 && incarnations > Seeds * 10 && failures > Seeds * 5 && restarts > Seeds * 3
            && deadLetters > Seeds * 20, summary);
    }

    [Fact]
    public void World_should_be_the_same_for_the_same_seed()
    {
        for (var seed = 1; seed <= 50; seed++)
            Assert.Equal(History(seed), History(seed));
        Assert.NotEqual(History(1), History(2));

        static IEnumerable<string> History(int seed)
        {
            using var world = new ActorWorld(seed);
            var disorder = new Disorder(seed, TimeSpan.FromSeconds(1));
            Feed(world.System, disorder, () => world.Dispatcher.RunOne());
            world.Advance(TimeSpan.FromSeconds(5));
            return [.. world.Events.All.Select(e => e.ToString()), $"{world.Dispatcher.Steps} steps, {disorder.Messages.Births} messages"];
        }
    }

    [Fact]
    [Trait("Statement", "W4")]
    [Trait("Statement", "M4")]
    public async Task W4_M4_nothing_should_leak_die_twice_or_hang_on_the_thread_pool()
    {
        for (var seed = 1; seed <= 40; seed++)
        {
            var system = new ActorSystem("chaos", new ActorSystemOptions { Throughput = 1 + seed % 3 });
            var disorder = new Disorder(seed, TimeSpan.FromMilliseconds(5));
            await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => Feed(system, disorder, () => { }))));
            Assert.True(await system.TerminateAsync(Patience.Limit), $"seed {seed}: the system does not end");
            // Pipes of asks that were in flight at the end complete on the pool, after it.
            var clean = SpinWait.SpinUntil(() => disorder.Messages.Alive == 0, Patience.Limit);
            Assert.True(clean, $"seed {seed}");
            Check(system, disorder, $"seed {seed}");
        }
    }

    [Fact]
    [Trait("Statement", "R9")]
    public async Task R9_stop_racing_with_restart_should_dispose_each_incarnation_once_and_end()
    {
        await using var system = new ActorSystem("race");
        for (var round = 0; round < 500; round++)
        {
            var child = new Script();
            var parent = new Script { PreStart = actor => { actor.Spawn(child); return default; } };
            var it = system.Spawn(parent.Props, $"it{round}");
            it.Tell(new Message.Fail());
            it.Tell(new Message.Fail());
            var stopped = Task.Run(() => system.StopAsync(it, Patience.Limit));
            it.Tell(new Message.Fail());
            Assert.True(await stopped);
            foreach (var script in new[] { parent, child })
            {
                var disposed = script.Log.Where(line => line.StartsWith("dispose", StringComparison.Ordinal)).ToList();
                Assert.Equal(script.Instances, disposed.Count);
                Assert.Equal(disposed.Distinct(), disposed);
            }
        }
        Assert.Equal(0, system.ActorCount);
    }

    private static void Feed(ActorSystem system, Disorder disorder, Action between)
    {
        for (var i = 0; i < 3; i++)
            disorder.Add(system.Spawn(disorder.NextActor(), $"a{disorder.Random.NextUInt64():x}"));
        for (var i = 0; i < 40; i++)
        {
            disorder.Any().Tell(new Burden(disorder, 7));
            for (var steps = disorder.Random.Below(12); steps > 0; steps--)
                between();
        }
    }

    private static void Check(ActorSystem system, Disorder disorder, string seed)
    {
        Assert.True(disorder.Messages.Alive == 0, $"{seed}: {disorder.Messages.Alive} of {disorder.Messages.Births} messages leaked");
        Assert.True(disorder.Messages.DiedTwice == 0, $"{seed}: {disorder.Messages.DiedTwice} messages were disposed twice");
        Assert.True(disorder.Incarnations.Alive == 0, $"{seed}: {disorder.Incarnations.Alive} incarnations were not disposed");
        Assert.True(disorder.Incarnations.DiedTwice == 0, $"{seed}: {disorder.Incarnations.DiedTwice} incarnations were disposed twice");
        Assert.True(system.ActorCount == 0, $"{seed}: {system.ActorCount} actors are left");
        Assert.True(system.Timers.Count == 0, $"{seed}: {system.Timers.Count} timers are left");
    }
}
