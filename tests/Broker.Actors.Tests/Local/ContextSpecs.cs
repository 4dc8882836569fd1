using System.Runtime.CompilerServices;
using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

/// <summary>What an actor's context refuses, and what it takes that is out of the ordinary.</summary>
public sealed class ContextSpecs : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ActorWorld _world = new();
    private readonly Script _script = new();
    private readonly Leaks _leaks = new();
    private readonly ActorRef<Message> _it;

    public ContextSpecs()
    {
        _it = _script.SpawnIn(_world);
        _world.Run();
    }

    public void Dispose() => _world.Dispose();

    [Fact]
    [Trait("Statement", "L1")]
    public void L1_actor_should_be_made_by_its_factory_only() =>
        Assert.Throws<InvalidOperationException>(() => new ScriptedActor(_script));

    [Fact]
    [Trait("Statement", "R9")]
    public void R9_actor_with_a_finalizer_should_be_disposed_by_the_kernel_only()
    {
        var disposing = new List<bool>();
        Wave();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal(Enumerable.Repeat(true, 20), disposing);

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Wave()
        {
            for (var i = 0; i < 20; i++)
                _world.System.Spawn(Props<Message>.Of(() => new Finalized(disposing)), $"f{i}").Stop();
            _world.Run();
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Statement", "R5")]
    public void R5_factory_that_returns_nothing_or_the_old_actor_should_be_a_failed_creation(bool old)
    {
        ScriptedActor? made = null;
        var script = new Script();
        var it = _world.System.Spawn(Props<Message>.Of(() => made is null ? made = new ScriptedActor(script) : old ? made : null!), "same");
        it.Tell(new Fail());
        _world.Run();
        Assert.Equal(["new1", "prestart1", "prerestart1", "poststop1", "dispose1"], script.Log);
        Assert.Single(_world.Events.Of<ActorFailed>(), failed => failed.Where == FailurePoint.PostRestart);
        Assert.Equal(1, _world.System.ActorCount);
    }

    [Fact]
    [Trait("Statement", "M2")]
    public void M2_context_should_refuse_nulls_and_times_that_mean_nothing()
    {
        var refused = new List<string>();
        var tried = 0;
        _it.Tell(new Do(actor =>
        {
            var (context, say) = (actor.Context, new Say("x"));
            Null(() => context.Spawn(new Script().Props, null!));
            Null(() => context.Stop(null!));
            Null(() => _ = context.StopAsync(null!, Second));
            Null(() => context.Watch(null!));
            Null(() => context.WatchWith(null!, say));
            Null(() => context.WatchWith(_it, null!));
            Null(() => context.Unwatch(null!));
            Null(() => context.Forward<Message>(null!, say));
            Null(() => context.Stash((Terminated)null!));
            Null(() => context.StartTimer(null!, say, Second));
            Null(() => context.StartTimer("t", null!, Second));
            Null(() => context.SetReceiveTimeout(Second, null!));
            Null(() => context.PipeToSelf((Task)null!, () => say, _ => say));
            Null(() => context.PipeToSelf(Task.CompletedTask, null!, _ => say));
            Null(() => context.PipeToSelf(Task.CompletedTask, () => say, null!));
            Null(() => context.PipeToSelf((Task<int>)null!, _ => say, _ => say));
            Null(() => context.PipeToSelf(Task.FromResult(1), null!, _ => say));
            Null(() => context.PipeToSelf(Task.FromResult(1), _ => say, null!));
            Refused<ArgumentOutOfRangeException>(() => context.StartPeriodicTimer("t", say, TimeSpan.Zero));
            Refused<ArgumentOutOfRangeException>(() => context.SetReceiveTimeout(TimeSpan.Zero, say));
            Refused<ArgumentOutOfRangeException>(() => _ = context.StopAsync(_it, TimeSpan.Zero));
        }));
        _world.Run();
        Assert.Equal(21, tried);
        Assert.Empty(refused);
        Assert.Equal((1, 0, 1), (_world.System.ActorCount, _world.System.Timers.Count, _script.Instances));

        void Null(Action act) => Refused<ArgumentNullException>(act);

        void Refused<TException>(Action act)
        {
            tried++;
            if (Record.Exception(act) is not TException)
                refused.Add($"attempt {tried} was not refused with {typeof(TException).Name}");
        }
    }

    [Fact]
    [Trait("Statement", "D10")]
    public void D10_stopping_an_ask_should_give_the_question_up()
    {
        var ask = _it.Ask<string>(to => new Do(actor => actor.Context.Stop(to)), Second);
        _world.Run();
        Assert.True(ask.IsCanceled);
    }

    [Theory]
    [InlineData("completed before")]
    [InlineData("completes later")]
    [InlineData("fails")]
    [Trait("Statement", "Y6")]
    public void Y6_piped_work_without_a_result_should_come_as_a_message(string how)
    {
        var work = new TaskCompletionSource();
        if (how == "completed before")
            work.SetResult();
        _it.Tell(new Do(actor => actor.Context.PipeToSelf(work.Task, () => new Say("done"), e => new Say(e.GetType().Name))));
        _world.Run();
        Assert.Equal(how == "completed before", _script.Log.Contains("done"));
        if (how == "completes later")
            work.SetResult();
        if (how == "fails")
            work.SetException(new NotSupportedException());
        _world.AwaitAssert(() => Assert.Equal(how == "fails" ? nameof(NotSupportedException) : "done", _script.Log[^1]));
    }

    [Fact]
    [Trait("Statement", "W4")]
    public void W4_piped_result_whose_mapping_throws_should_be_wiped_and_the_actor_fail()
    {
        _it.Tell(new Do(actor => actor.Context.PipeToSelf(
            Task.FromResult(new Owning(_leaks)), _ => throw new NotSupportedException(), _ => new Say("failed"))));
        _world.Run();
        Assert.Equal((1, 0, 0), (_leaks.Births, _leaks.Alive, _leaks.DiedTwice));
        Assert.Equal(2, _script.Instances);
        Assert.DoesNotContain("failed", _script.Log);
    }

    [Fact]
    [Trait("Statement", "X3")]
    public void X3_failure_should_name_the_type_of_the_message_in_hand_and_none_in_a_hook()
    {
        _it.Tell(new Fail());
        new Script { PreStart = _ => throw new InvalidOperationException() }.SpawnIn(_world, "hook");
        var number = _world.System.Spawn(Props<int>.Of(() => new Number()), "number");
        number.Tell(7);
        _world.Run();
        Assert.Equal(
            [typeof(Fail).FullName, null, typeof(int).FullName],
            new[] { "it", "hook", "number" }.Select(
                name => _world.Events.Of<ActorFailed>().First(failed => failed.Path.Name == name).MessageType));
    }

    [Fact]
    [Trait("Statement", "X1")]
    [Trait("Statement", "Y4")]
    public void X1_Y4_sender_should_be_the_actor_after_an_await_as_well()
    {
        var dead = new Script().SpawnIn(_world, "dead");
        dead.Stop();
        _world.Run();
        var gate = new TaskCompletionSource();
        _it.Tell(new Do(async _ => await gate.Task));
        _it.Tell(new Do(_ => dead.Tell(new Say("next message"))));
        _world.Run();
        gate.SetResult();
        _world.Run();
        Assert.Equal(_it.Path, Assert.Single(_world.Events.Of<DeadLetter>()).Sender);
    }

    [Fact]
    [Trait("Statement", "R2")]
    public void R2_message_that_was_stashed_before_the_failure_should_not_be_the_failed_one()
    {
        var seen = new List<object?>();
        var script = new Script { PreRestart = (_, _, message) => { seen.Add(message); return default; } };
        var stashed = false;
        Do? self = null;
        self = new Do(actor =>
        {
            if (stashed)
                return;
            stashed = true;
            actor.Context.Stash(self!);
            throw new InvalidOperationException();
        });
        script.SpawnIn(_world, "stashing").Tell(self);
        _world.Run();
        Assert.Equal([null], seen);
        Assert.Equal(2, script.Instances);
    }

    [Fact]
    [Trait("Statement", "K1")]
    public void K1_message_of_a_value_type_should_be_stashed_when_in_hand_and_only_then()
    {
        var log = new List<string>();
        var it = _world.System.Spawn(Props<int>.Of(() => new StashingNumber(log)), "number");
        it.Tell(1);
        it.Tell(2);
        _world.Run();
        Assert.Equal(["refused in PreStart", "refused another", "stashed 1", "again 1"], log);
    }

    private sealed class Number : Actor<int>
    {
        protected override ValueTask Receive(int message) => throw new InvalidOperationException();
    }

    private sealed class StashingNumber(List<string> log) : Actor<int>
    {
        protected override ValueTask PreStart()
        {
            if (Record.Exception(() => Context.Stash(0)) is InvalidOperationException)
                log.Add("refused in PreStart");
            return default;
        }

        protected override ValueTask Receive(int message)
        {
            if (message == 2)
                Context.UnstashAll();
            else if (log.Count == 1)
            {
                if (Record.Exception(() => Context.Stash(2)) is InvalidOperationException)
                    log.Add("refused another");
                Context.Stash(1);
                log.Add("stashed 1");
            }
            else
                log.Add($"again {message}");
            return default;
        }
    }

    private sealed class Finalized(List<bool> disposing) : Actor<Message>
    {
        ~Finalized() => Dispose(isDisposing: false);

        protected override ValueTask Receive(Message message) => default;

        protected override void Dispose(bool isDisposing)
        {
            lock (disposing)
                disposing.Add(isDisposing);
            base.Dispose(isDisposing);
        }
    }
}
