using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

public sealed class CoordinatedShutdownSpecs
{

    private readonly ManualTime _time = new();
    private readonly List<string> _ran = [];

    [Fact]
    [Trait("Statement", "C2")]
    public async Task C2_phases_should_run_after_those_that_they_name_in_whatever_order_they_are_given()
    {
        var shutdown = new CoordinatedShutdown(
            _time, [new("c") { After = ["a", "b"] }, new("b") { After = ["a"] }, new("a"), new("side")]);
        foreach (var phase in "side c b a".Split(' '))
            shutdown.Add(phase, "task", Note(phase));
        Assert.True((await Run(shutdown)).IsClean);
        Assert.Equal(["a", "b", "c", "side"], _ran);
    }

    [Fact]
    [Trait("Statement", "C2")]
    public void C2_circles_unknown_phases_and_doubles_should_be_errors()
    {
        Assert.Contains("a, b", Assert.Throws<ArgumentException>(
            () => New(new("a") { After = ["b"] }, new("b") { After = ["a"] }, new("free"))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => New(new ShutdownPhase("a") { After = ["a"] }));
        Assert.Throws<ArgumentException>(() => New(new ShutdownPhase("a") { After = ["nowhere"] }));
        Assert.Contains("two phases a", Assert.Throws<ArgumentException>(
            () => New(new ShutdownPhase("a"), new ShutdownPhase("a"))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => New(new ShutdownPhase("a") { Timeout = TimeSpan.Zero }));
        var shutdown = New(new ShutdownPhase("a"));
        Assert.Throws<ArgumentException>(() => shutdown.Add("nowhere", "task", Note("x")));
        Assert.Throws<ArgumentException>(() => { _ = shutdown.RunAsync("nowhere"); });
    }

    [Fact]
    public void Nothing_should_be_taken_for_a_clock_a_phase_a_task_or_a_system()
    {
        var shutdown = new CoordinatedShutdown(_time);
        Action[] bad =
        [
            () => _ = new CoordinatedShutdown(null!), () => shutdown.Add(null!, "task", Note("x")),
            () => shutdown.Add(ShutdownPhases.ServiceStop, null!, Note("x")),
            () => shutdown.Add(ShutdownPhases.ServiceStop, "task", null!), () => shutdown.AddTermination(null!),
        ];
        Assert.All(bad, act => Assert.Throws<ArgumentNullException>(act));
    }

    [Fact]
    [Trait("Statement", "C2")]
    public async Task C2_tasks_of_one_phase_should_run_together_even_when_one_blocks_its_thread()
    {
        var shutdown = New(new ShutdownPhase("a"));
        using var there = new ManualResetEventSlim();
        shutdown.Add("a", "blocks", timeout =>
        {
            Assert.True(there.Wait(Patience.Limit, timeout));
            return Task.CompletedTask;
        });
        shutdown.Add("a", "frees it", _ =>
        {
            there.Set();
            return Task.CompletedTask;
        });
        Assert.True((await Run(shutdown)).IsClean);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Statement", "C2")]
    public async Task C2_failure_should_end_the_shutdown_only_where_the_phase_does_not_recover(bool recover)
    {
        var shutdown = New(new("a") { Recover = recover }, new("b") { After = ["a"] });
        shutdown.Add("a", "bad", _ => throw new NotSupportedException());
        shutdown.Add("a", "good", Note("good"));
        shutdown.Add("b", "next", Note("next"));
        var result = await Run(shutdown);
        Assert.Equal(new ShutdownProblem("a", "bad", typeof(NotSupportedException).FullName), Assert.Single(result.Problems));
        Assert.Equal((recover, false), (result.IsComplete, result.IsClean));
        Assert.Equal(recover ? ["good", "next"] : ["good"], _ran);
    }

    [Fact]
    [Trait("Statement", "C2")]
    public async Task C2_phase_that_does_not_recover_should_be_followed_by_the_next_when_all_went_well()
    {
        var shutdown = New(new("a") { Recover = false }, new("b") { After = ["a"] });
        shutdown.Add("a", "good", Note("good"));
        shutdown.Add("b", "next", Note("next"));
        Assert.True((await Run(shutdown)).IsClean);
        Assert.Equal(["good", "next"], _ran);
    }

    [Fact]
    [Trait("Statement", "C2")]
    public async Task C2_shutdown_should_not_need_the_thread_that_asked_for_it()
    {
        var shutdown = New(new("a"), new("b") { After = ["a"] });
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        shutdown.Add("a", "task", _ => gate.Task);
        shutdown.Add("b", "next", Note("next"));
        var running = In(new Deaf(), () => shutdown.RunAsync());
        gate.SetResult();
        Assert.True((await running.WaitAsync(Patience.Limit)).IsClean);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Statement", "C2")]
    public async Task C2_phase_should_end_with_its_time_and_cancel_the_token_of_what_has_not_ended(bool recover)
    {
        var shutdown = New(new("a") { Recover = recover, Timeout = TimeSpan.FromSeconds(3) }, new("b") { After = ["a"] });
        var (begun, token) = (new TaskCompletionSource(), CancellationToken.None);
        shutdown.Add("a", "endless", timeout =>
        {
            token = timeout;
            begun.SetResult();
            return new TaskCompletionSource().Task;
        });
        shutdown.Add("b", "next", Note("next"));
        var running = shutdown.RunAsync();
        await begun.Task.WaitAsync(Patience.Limit);
        _time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.Equal((false, false), (running.IsCompleted, token.IsCancellationRequested));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        var result = await running.WaitAsync(Patience.Limit);
        Assert.True(token.IsCancellationRequested);
        Assert.Equal(new ShutdownProblem("a", "endless", null), Assert.Single(result.Problems));
        Assert.Equal((recover, recover ? 1 : 0), (result.IsComplete, _ran.Count));
    }

    [Fact]
    [Trait("Statement", "C2")]
    public async Task C2_shutdown_should_run_once_and_give_everyone_the_same_result()
    {
        var shutdown = New(new ShutdownPhase("a"));
        shutdown.Add("a", "task", Note("task"));
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => shutdown.RunAsync()))).WaitAsync(Patience.Limit);
        Assert.All(results, result => Assert.Same(results[0], result));
        Assert.Equal(["task"], _ran);
    }

    [Fact]
    [Trait("Statement", "C2")]
    public async Task C2_shutdown_should_begin_at_the_phase_asked_for()
    {
        var shutdown = New(new("a"), new("b") { After = ["a"] }, new("c") { After = ["b"] });
        foreach (var phase in "abc")
            shutdown.Add($"{phase}", "task", Note($"{phase}"));
        Assert.True((await Run(shutdown, "b")).IsClean);
        Assert.Equal(["b", "c"], _ran);
        Assert.Throws<InvalidOperationException>(() => shutdown.Add("a", "late", Note("late")));
    }

    [Fact]
    [Trait("Statement", "C2")]
    public async Task C2_tasks_should_be_taken_for_later_phases_while_it_runs_and_refused_for_begun_ones()
    {
        var shutdown = New(new("a"), new("b") { After = ["a"] });
        Exception? refused = null;
        shutdown.Add("a", "adds", _ =>
        {
            shutdown.Add("b", "added", Note("added"));
            refused = Record.Exception(() => shutdown.Add("a", "too late", Note("too late")));
            return Task.CompletedTask;
        });
        Assert.True((await Run(shutdown)).IsClean);
        Assert.IsType<InvalidOperationException>(refused);
        Assert.Equal(["added"], _ran);
    }

    [Fact]
    [Trait("Statement", "C3")]
    public void C3_default_phases_should_come_in_the_order_of_a_node_with_their_times()
    {
        var seconds = new CoordinatedShutdown(_time).Phases.Select(phase => $"{phase.Name} {phase.Timeout.TotalSeconds}");
        Assert.Equal(
        [
            "before-service-unbind 5", "service-unbind 5", "service-requests-done 5", "service-stop 5", "before-cluster-shutdown 5",
            "sharding-shutdown-region 10", "cluster-leave 5", "cluster-exiting 10", "cluster-exiting-done 5", "cluster-shutdown 5",
            "before-actor-system-terminate 5", "actor-system-terminate 10",
        ], seconds);
        Assert.All(ShutdownPhases.Default, phase => Assert.True(phase.Recover));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Statement", "C3")]
    public async Task C3_actors_should_end_in_the_last_phase_or_the_shutdown_not_be_clean(bool inTime)
    {
        var system = new ActorSystem("c3");
        var (inHand, gate) = (new TaskCompletionSource(), new TaskCompletionSource());
        var script = new Script();
        system.Spawn(script.Props, "it").Tell(new Do(async _ => { inHand.SetResult(); await gate.Task; }));
        await inHand.Task.WaitAsync(Patience.Limit);
        var shutdown = new CoordinatedShutdown(_time);
        shutdown.AddTermination(system);
        var before = new TaskCompletionSource();
        shutdown.Add(ShutdownPhases.BeforeActorSystemTerminate, "still there",
            _ => { Assert.False(system.WhenTerminated.IsCompleted); before.SetResult(); return Task.CompletedTask; });
        var running = shutdown.RunAsync();
        await before.Task.WaitAsync(Patience.Limit);
        if (inTime)
            gate.SetResult();
        else
            await Until(() => { _time.Advance(TimeSpan.FromSeconds(10)); return running.IsCompleted; });
        var result = await running.WaitAsync(Patience.Limit);
        Assert.Equal(inTime, result.IsClean);
        Assert.Equal(inTime, system.WhenTerminated.IsCompleted);
        gate.TrySetResult();
        await system.WhenTerminated.WaitAsync(Patience.Limit);
        Assert.Equal("dispose1", script.Log[^1]);
    }

    private static T In<T>(SynchronizationContext context, Func<T> run)
    {
        var outer = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(context);
        try
        {
            return run();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    private static async Task Until(Func<bool> done)
    {
        while (!done())
            await Task.Yield();
    }

    private CoordinatedShutdown New(params ShutdownPhase[] phases) => new(_time, phases);

    private Func<CancellationToken, Task> Note(string what) => _ =>
    {
        lock (_ran)
            _ran.Add(what);
        return Task.CompletedTask;
    };

    private static Task<ShutdownResult> Run(CoordinatedShutdown shutdown, string? from = null) =>
        shutdown.RunAsync(from).WaitAsync(Patience.Limit);

    /// <summary>Never runs what is posted to it, as a thread that waits for the shutdown would not.</summary>
    private sealed class Deaf : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
        }
    }
}
