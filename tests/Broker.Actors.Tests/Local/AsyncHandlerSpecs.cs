using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

public sealed class AsyncHandlerSpecs : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ActorWorld _world = new(options: options => options with { HandlerBudget = Second });
    private readonly Script _script = new();
    private readonly TaskCompletionSource _gate = new();
    private readonly Leaks _leaks = new();
    private readonly ActorRef<Message> _it;

    public AsyncHandlerSpecs()
    {
        _it = _script.SpawnIn(_world);
        _world.Run();
        _script.Forget();
    }

    public void Dispose() => _world.Dispose();

    [Fact]
    [Trait("Statement", "Y1")]
    public void Y1_no_other_message_should_run_while_a_handler_awaits()
    {
        _it.Tell(new Do(async actor => { actor.Script.Note("in"); await _gate.Task; actor.Script.Note("out"); }));
        _it.Tell(new Say("next"));
        _world.Run();
        Assert.Equal(["in"], _script.Log);
        _gate.SetResult();
        _world.Run();
        Assert.Equal(["in", "out", "next"], _script.Log);
    }

    [Fact]
    [Trait("Statement", "Y1")]
    public void Y1_whoever_completes_the_awaited_task_should_not_run_the_actor()
    {
        var other = new Script();
        _it.Tell(new Do(async actor => { await _gate.Task; actor.Script.Note("resumed"); }));
        _world.Run();
        other.SpawnIn(_world, "other").Tell(new Do(actor =>
        {
            _gate.SetResult();
            actor.Script.Note($"sees {_script.Log.Count}");
        }));
        _it.Tell(new Say("next"));
        _world.Run();
        Assert.DoesNotContain("next", other.Log);
        Assert.Equal(["resumed", "next"], _script.Log);
    }

    [Fact]
    [Trait("Statement", "Y2")]
    public void Y2_exception_after_an_await_should_go_to_supervision_with_its_message()
    {
        object? failed = null;
        var script = new Script { PreRestart = (_, _, message) => { failed = message; return default; } };
        var it = script.SpawnIn(_world, "other");
        var bad = new Do(async _ => { await _gate.Task; throw new InvalidOperationException("late"); });
        it.Tell(bad);
        it.Tell(new Say("next"));
        _world.Run();
        _gate.SetResult();
        _world.Run();
        Assert.Same(bad, failed);
        Assert.Equal(2, script.Instances);
        Assert.Equal("next", script.Log[^1]);
    }

    [Fact]
    [Trait("Statement", "Y3")]
    public void Y3_caught_exception_should_not_go_to_supervision()
    {
        _it.Tell(new Do(async _ =>
        {
            try
            {
                await _gate.Task;
                throw new InvalidOperationException("caught");
            }
            catch (InvalidOperationException)
            {
                await Task.Yield();
            }
        }));
        _gate.SetResult();
        _world.Run();
        Assert.Equal(1, _script.Instances);
        Assert.Empty(_world.Events.Of<ActorFailed>());
    }

    [Fact]
    [Trait("Statement", "Y4")]
    public void Y4_context_and_message_in_hand_should_survive_the_await()
    {
        Do? self = null;
        var rounds = 0;
        self = new Do(async actor =>
        {
            await _gate.Task;
            if (rounds++ == 0)
                actor.Context.Stash(self!);
            actor.Script.Note(ReferenceEquals(actor.Context.Self, _it) ? "self" : "other");
        });
        _it.Tell(self);
        _it.Tell(new Do(actor => actor.Context.UnstashAll()));
        _world.Run();
        _gate.SetResult();
        _world.Run();
        Assert.Equal(["self", "self"], _script.Log);
    }

    [Fact]
    [Trait("Statement", "Y5")]
    public void Y5_restart_should_work_after_an_asynchronous_failure_again_and_again()
    {
        for (var i = 0; i < 3; i++)
            _it.Tell(new Do(async _ => { await Task.Yield(); throw new InvalidOperationException(); }));
        _it.Tell(new Say("alive"));
        _world.Run();
        Assert.Equal(4, _script.Instances);
        Assert.Equal("alive", _script.Log[^1]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Statement", "Y6")]
    public void Y6_cancelled_work_should_count_as_failed_when_no_stop_was_asked_for_and_any_other_failure_when_one_was(bool stop)
    {
        using var world = new ActorWorld();
        var script = new Script();
        var it = script.SpawnIn(world);
        it.Tell(new Do(actor =>
        {
            if (stop)
                actor.Context.StopSelf();
            throw stop ? new InvalidOperationException() : new OperationCanceledException();
        }));
        world.Run();
        Assert.Single(world.Events.Of<ActorFailed>());
        Assert.Equal(stop ? 1 : 2, script.Instances);
    }

    [Fact]
    [Trait("Statement", "Y6")]
    public void Y6_token_first_asked_for_after_the_stop_should_be_cancelled()
    {
        using var world = new ActorWorld();
        var seen = new List<bool>();
        var script = new Script { PostStop = actor => { seen.Add(actor.Context.Stopping.IsCancellationRequested); return default; } };
        script.SpawnIn(world).PoisonPill();
        world.Run();
        Assert.Equal([true], seen);
    }

    [Fact]
    [Trait("Statement", "Y6")]
    [Trait("Statement", "Diff3")]
    public void Y6_Diff3_stop_should_cancel_the_token_and_await_the_handler_to_its_end()
    {
        _it.Tell(new Do(async actor =>
        {
            using var registration = actor.Context.Stopping.Register(() => _gate.SetResult());
            await _gate.Task;
            await Task.Yield();
            actor.Script.Note("ended by itself");
        }));
        _it.Tell(new Say("never"));
        _world.Run();
        _it.Stop();
        _world.Run();
        Assert.Equal(["ended by itself", "poststop1", "dispose1"], _script.Log);
    }

    [Fact]
    [Trait("Statement", "Y6")]
    public void Y6_handler_that_gives_up_on_the_token_should_not_count_as_failed()
    {
        _it.Tell(new Do(async actor => await _gate.Task.WaitAsync(actor.Context.Stopping)));
        _it.Tell(new Say("never"));
        _world.Run();
        _it.Stop();
        Settle();
        Assert.Equal(["poststop1", "dispose1"], _script.Log);
        Assert.Empty(_world.Events.Of<ActorFailed>());
    }

    [Fact]
    [Trait("Statement", "Y6")]
    public void Y6_handler_that_gives_up_at_once_should_find_the_stop_behind_it()
    {
        _it.Tell(new Do(async actor =>
        {
            using var registration = actor.Context.Stopping.Register(_gate.SetCanceled);
            await _gate.Task;
        }));
        _it.Tell(new Say("never"));
        _world.Run();
        _world.Dispatcher.Preempts = true;
        _it.Stop();
        _world.Run();
        Assert.Equal(["poststop1", "dispose1"], _script.Log);
    }

    [Fact]
    [Trait("Statement", "Y6")]
    public void Y6_restart_should_cancel_the_token_of_the_old_incarnation_only()
    {
        var tokens = new List<CancellationToken>();
        _it.Tell(new Do(actor => tokens.Add(actor.Context.Stopping)));
        _it.Tell(new Fail());
        _it.Tell(new Do(actor => tokens.Add(actor.Context.Stopping)));
        _world.Run();
        Assert.Equal([true, false], tokens.Select(token => token.IsCancellationRequested));
    }

    [Fact]
    [Trait("Statement", "Y6")]
    [Trait("Statement", "Diff3")]
    public void Y6_Diff3_watchdog_should_tell_of_a_handler_over_its_budget_and_leave_it_alone()
    {
        _it.Tell(new Do(async _ => await _gate.Task));
        _world.Advance(Second * 0.999);
        Assert.Empty(_world.Events.Of<SlowHandler>());
        _world.Advance(Second * 0.001);
        Assert.Equal(new SlowHandler(_it.Path, typeof(Do).FullName, Second), Assert.Single(_world.Events.Of<SlowHandler>()));
        _world.Advance(Second);
        Assert.Equal(2, _world.Events.Of<SlowHandler>().Count);
        _gate.SetResult();
        _world.Run();
        Assert.Equal(0, _world.System.Timers.Count);
        _world.Advance(Second * 5);
        Assert.Equal(2, _world.Events.Of<SlowHandler>().Count);
    }

    [Fact]
    [Trait("Statement", "Y6")]
    public async Task Y6_watchdog_should_tell_of_a_handler_that_blocks_its_thread()
    {
        await using var system = new ActorSystem("y6", new ActorSystemOptions { HandlerBudget = TimeSpan.FromMilliseconds(40) });
        using var release = new ManualResetEventSlim();
        var told = new TaskCompletionSource<SlowHandler>();
        using var subscription = system.Events.Subscribe(e =>
        {
            // On a machine that stands still another turn may be late before it, the one that creates it for instance.
            if (e is not SlowHandler slow || slow.MessageType != typeof(Do).FullName)
                return;
            told.TrySetResult(slow);
            release.Set();
        });
        var it = system.Spawn(_script.Props, "it");
        it.Tell(new Do(actor => actor.Script.Note(release.Wait(Patience.Limit) ? "released" : "forgotten")));
        Assert.Equal("released", await it.Ask<string>(to => new Do(actor => to.Tell(actor.Script.Log[^1])), Patience.Limit));
        Assert.Equal((it.Path, typeof(Do).FullName), ((await told.Task).Path, (await told.Task).MessageType));
    }

    [Fact]
    [Trait("Statement", "Y6")]
    public void Y6_piped_task_should_come_as_a_message_and_not_block_the_mailbox()
    {
        var work = new TaskCompletionSource<string>();
        _it.Tell(new Do(actor => actor.Context.PipeToSelf(work.Task, text => new Say(text), e => new Say(e.Message))));
        _it.Tell(new Say("meanwhile"));
        _world.Run();
        Assert.Equal(["meanwhile"], _script.Log);
        work.SetResult("result");
        _world.Run();
        Assert.Equal(["meanwhile", "result"], _script.Log);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Statement", "Y6")]
    public void Y6_piped_failure_and_cancellation_should_come_as_messages(bool cancelled)
    {
        var work = new TaskCompletionSource<string>();
        _it.Tell(new Do(actor => actor.Context.PipeToSelf(work.Task, text => new Say(text), e => new Say(e.GetType().Name))));
        _world.Run();
        if (cancelled)
            work.SetCanceled();
        else
            work.SetException(new NotSupportedException());
        _world.Run();
        Assert.Equal([cancelled ? nameof(TaskCanceledException) : nameof(NotSupportedException)], _script.Log);
    }

    [Theory]
    [InlineData("stopped")]
    [InlineData("restarted")]
    [InlineData("mapping throws")]
    [InlineData("queued at stop")]
    [Trait("Statement", "W4")]
    public void W4_piped_result_that_finds_nobody_should_be_wiped(string how)
    {
        var work = new TaskCompletionSource<Owning>();
        _it.Tell(new Do(actor => actor.Context.PipeToSelf(
            work.Task, owning => how == "mapping throws" ? throw new InvalidOperationException() : owning, _ => new Say("failed"))));
        _world.Run();
        if (how == "queued at stop")
        {
            _it.Tell(new Do(async _ => await _gate.Task));
            _world.Run();
            work.SetResult(new Owning(_leaks));
            _it.Stop();
            _gate.SetResult();
        }
        else
        {
            if (how == "stopped")
                _it.Stop();
            else if (how == "restarted")
                _it.Tell(new Fail());
            _world.Run();
            work.SetResult(new Owning(_leaks));
        }
        _world.Run();
        Assert.Equal((1, 0, 0), (_leaks.Births, _leaks.Alive, _leaks.DiedTwice));
        Assert.Equal(how == "mapping throws" ? 0 : 1, _world.Events.Of<DeadLetter>().Count);
    }

    /// <summary>Cancelling a WaitAsync completes on the thread pool; the actor itself still runs on the world's dispatcher.</summary>
    private void Settle() =>
        Assert.True(SpinWait.SpinUntil(() => { _world.Run(); return _world.System.ActorCount == 0; }, Patience.Limit));
}
