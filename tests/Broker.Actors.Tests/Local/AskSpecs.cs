using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

public sealed class AskSpecs : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ActorWorld _world = new();
    private readonly Script _script = new();
    private readonly Leaks _leaks = new();
    private readonly ActorRef<Message> _it;

    public AskSpecs()
    {
        _it = _script.SpawnIn(_world);
        _world.Run();
    }

    public void Dispose() => _world.Dispose();

    [Fact]
    [Trait("Statement", "A1")]
    public void A1_first_answer_should_count_and_later_ones_be_dead_letters_and_wiped()
    {
        var ask = _it.Ask<Owning>(to => new Do(_ => { to.Tell(new Owning(_leaks)); to.Tell(new Owning(_leaks)); }), Second);
        var answer = _world.Await(ask);
        Assert.False(answer.IsDisposed);
        Assert.Equal((2, 1), (_leaks.Births, _leaks.Alive));
        Assert.Equal(DeadLetterReason.AskOver, Assert.Single(_world.Events.Of<DeadLetter>()).Reason);
        answer.Dispose();
        Assert.Equal((0, 0), (_leaks.Alive, _leaks.DiedTwice));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Statement", "A1")]
    public void A1_late_answer_should_be_a_dead_letter_and_wiped(bool cancelled)
    {
        using var cancel = new CancellationTokenSource();
        ReplyTo<Owning>? replyTo = null;
        var ask = _it.Ask<Owning>(to => new Do(_ => replyTo = to), Second, cancel.Token);
        _world.Run();
        if (cancelled)
            cancel.Cancel();
        _world.Advance(Second);
        replyTo!.Tell(new Owning(_leaks));
        Assert.True(ask.IsCompleted);
        Assert.Equal((1, 0, 0), (_leaks.Births, _leaks.Alive, _leaks.DiedTwice));
        Assert.Equal(replyTo.Path, Assert.Single(_world.Events.Of<DeadLetter>()).Path);
    }

    [Theory]
    [InlineData(typeof(NotSupportedException))]
    [InlineData(typeof(ArgumentNullException))]
    [Trait("Statement", "A3")]
    public void A3_question_that_could_not_be_made_should_be_given_up_and_an_answer_to_it_wiped(Type thrown)
    {
        ReplyTo<Owning>? replyTo = null;
        Assert.Throws(thrown, () =>
        {
            _ = _it.Ask<Owning>(to =>
            {
                replyTo = to;
                return thrown == typeof(ArgumentNullException) ? null! : throw new NotSupportedException();
            }, Second);
        });
        Assert.True(replyTo!.IsExpired);
        replyTo.Tell(new Owning(_leaks));
        Assert.Equal((1, 0, 0), (_leaks.Births, _leaks.Alive, _leaks.DiedTwice));
    }

    [Fact]
    public void Nothing_should_be_neither_told_nor_asked()
    {
        Assert.Throws<ArgumentNullException>(() => _it.Tell(null!));
        Assert.Throws<ArgumentNullException>(() => { _ = _it.Ask<string>(null!, Second); });
        _it.Tell(new Say("still there"));
        _world.Run();
        Assert.Equal((1, "still there"), (_script.Instances, _script.Log[^1]));
    }

    [Fact]
    [Trait("Statement", "A2")]
    public void A2_timeout_should_throw_AskTimeout_and_not_before_its_time()
    {
        var ask = _it.Ask<string>(_ => new Say("no answer"), Second);
        _world.Advance(Second * 0.999);
        Assert.False(ask.IsCompleted);
        _world.Advance(Second * 0.001);
        Assert.Throws<AskTimeoutException>(() => _world.Await(ask));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Statement", "A2")]
    public void A2_cancel_should_cancel(bool before)
    {
        using var cancel = new CancellationTokenSource();
        if (before)
            cancel.Cancel();
        var ask = _it.Ask<string>(_ => new Say("no answer"), Second, cancel.Token);
        cancel.Cancel();
        Assert.True(ask.IsCanceled);
    }

    [Theory]
    [InlineData("answer")]
    [InlineData("timeout")]
    [InlineData("cancel")]
    [InlineData("busy")]
    [InlineData("stopped")]
    [Trait("Statement", "A3")]
    [Trait("Statement", "A6")]
    public void A3_A6_every_way_of_ending_should_release_timer_registration_and_watchers(string end)
    {
        using var cancel = new CountingToken();
        var it = _world.System.Spawn(_script.Props.WithMailbox(1), "bounded");
        _world.Run();
        if (end == "busy")
            it.Tell(new Say("fills it"));
        if (end == "stopped")
            it.Stop();
        if (end == "stopped")
            _world.Run();
        var ask = it.Ask<string>(to => end == "answer" ? new Echo("x", to) : new Say("x"), Second, cancel.Token);
        _world.Run();
        if (end == "timeout")
            _world.Advance(Second);
        if (end == "cancel")
            cancel.Cancel();
        Assert.True(ask.IsCompleted);
        Assert.Equal(0, _world.System.Timers.Count);
        Assert.Equal(0, cancel.CallbacksAfterwards());
        Assert.Equal(end switch
        {
            "busy" => typeof(ActorBusyException),
            "stopped" => typeof(ActorStoppedException),
            "timeout" => typeof(AskTimeoutException),
            _ => null
        },
            ask.Exception?.InnerException?.GetType());
    }

    [Fact]
    [Trait("Statement", "A4")]
    public void A4_null_should_be_an_answer_and_any_other_type_not_compile()
    {
        Assert.Null(_world.Await(_it.Ask<string?>(to => new Do(_ => { to.Tell(null); to.Tell(null); }), Second)));
        Assert.Equal("null", Assert.Single(_world.Events.Of<DeadLetter>()).MessageType);
        Assert.Equal(
            typeof(string), typeof(ReplyTo<string>).GetMethod(nameof(ReplyTo<string>.Tell))!.GetParameters().Single().ParameterType);
    }

    [Fact]
    [Trait("Statement", "A5")]
    public void A5_asking_inside_a_handler_should_work()
    {
        var other = new Script().SpawnIn(_world, "other");
        _it.Tell(new Do(async actor => actor.Script.Note(await other.Ask<string>(to => new Echo("pong", to), Second))));
        _world.Run();
        Assert.Equal("pong", _script.Log[^1]);
    }

    [Fact]
    [Trait("Statement", "A5")]
    public async Task A5_asking_inside_a_handler_should_work_on_the_thread_pool_and_resume_there()
    {
        await using var system = new ActorSystem("a5");
        var (one, two) = (system.Spawn(new Script().Props, "one"), system.Spawn(new Script().Props, "two"));
        for (var i = 0; i < 500; i++)
        {
            var answer = await one.Ask<string>(
                to => new Do(async _ => to.Tell(await two.Ask<string>(inner => new Echo("deep", inner), Patience.Limit))), Patience.Limit);
            Assert.Equal("deep", answer);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(-10_000)]
    [InlineData(long.MaxValue)]
    [Trait("Statement", "A7")]
    [Trait("Statement", "Diff2")]
    public void A7_Diff2_timeout_should_be_finite_and_more_than_zero(long ticks) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = _it.Ask<string>(to => new Echo("", to), new TimeSpan(ticks)); });

    [Fact]
    [Trait("Statement", "A8")]
    [Trait("Statement", "Diff2")]
    public void A8_Diff2_callee_should_see_the_deadline_and_that_the_asker_gave_up()
    {
        ReplyTo<string>? replyTo = null;
        _ = _it.Ask<string>(to => new Do(_ => replyTo = to), Second);
        _world.Run();
        var token = replyTo!.Cancelled;
        var deadline = _world.Time.GetUtcNow() + Second;
        Assert.Equal(deadline, replyTo.Deadline);
        _world.Advance(Second * 0.75);
        Assert.Equal((Second * 0.25, false, false), (replyTo.Remaining, replyTo.IsExpired, token.IsCancellationRequested));
        Assert.Equal(deadline, replyTo.Deadline);
        _world.Advance(Second * 0.25);
        Assert.Equal((TimeSpan.Zero, true, true), (replyTo.Remaining, replyTo.IsExpired, token.IsCancellationRequested));
        Assert.True(replyTo.Cancelled.IsCancellationRequested);
    }

    [Fact]
    [Trait("Statement", "A8")]
    public void A8_answer_should_end_the_deadline_without_cancelling()
    {
        ReplyTo<string>? replyTo = null;
        var token = new CancellationToken(canceled: true);
        _ = _it.Ask<string>(to => new Do(_ => { replyTo = to; token = to.Cancelled; to.Tell("done"); }), Second);
        _world.Run();
        Assert.True(replyTo!.IsExpired);
        _world.Advance(Second * 2);
        Assert.False(token.IsCancellationRequested);
        Assert.False(replyTo.Cancelled.IsCancellationRequested);
    }

    [Fact]
    [Trait("Statement", "A3")]
    public void A3_ask_in_flight_should_end_with_the_system()
    {
        var ask = _it.Ask<string>(_ => new Say("no answer"), Second * 100);
        _world.Await(_world.System.TerminateAsync(Second));
        Assert.IsType<ActorStoppedException>(ask.Exception?.InnerException);
    }

    [Fact]
    [Trait("Statement", "A6")]
    public void A6_throwing_message_factory_should_leave_nothing_behind()
    {
        Assert.Throws<NotSupportedException>(() => { _ = _it.Ask<string>(_ => throw new NotSupportedException(), Second); });
        Assert.Equal(0, _world.System.Timers.Count);
    }

    [Fact]
    [Trait("Statement", "A6")]
    public void A6_question_answered_while_it_was_made_should_leave_nothing_behind()
    {
        using var cancel = new CountingToken();
        var ask = _it.Ask<string>(
            to =>
            {
                to.Tell("early");
                return new Say("too late");
            },
            Second,
            cancel.Token);
        Assert.Equal("early", _world.Await(ask));
        Assert.Equal((0, 0), (_world.System.Timers.Count, cancel.CallbacksAfterwards()));
    }

    [Fact]
    [Trait("Statement", "A3")]
    public void A3_ask_should_keep_no_listener_that_has_unwatched_it()
    {
        IActorRef? asked = null;
        _ = _it.Ask<string>(to => new Do(_ => asked = to), Second);
        _world.Run();
        var (stays, leaves) = (0, 0);
        var left = new Ended(() => leaves++);
        asked!.SendSystem(new WatchMessage(new Ended(() => stays++)));
        asked.SendSystem(new WatchMessage(left));
        asked.SendSystem(new UnwatchMessage(left));
        _world.Advance(Second);
        Assert.Equal((1, 0), (stays, leaves));
    }

    [Fact]
    [Trait("Statement", "A3")]
    [Trait("Statement", "A8")]
    public async Task A3_A8_asks_that_are_answered_cancelled_and_watched_at_once_should_end_once_and_tell_everyone()
    {
        await using var system = new ActorSystem("a3");
        var it = system.Spawn(_script.Props, "it");
        var ends = 0;
        for (var round = 0; round < 2_000; round++)
        {
            using var cancel = new CancellationTokenSource();
            var asked = new TaskCompletionSource<ReplyTo<Owning>>(TaskCreationOptions.RunContinuationsAsynchronously);
            var ask = it.Ask<Owning>(to => new Do(_ => asked.SetResult(to)), Patience.Limit, cancel.Token);
            var replyTo = await asked.Task;
            var token = CancellationToken.None;
            Action[] ways = [cancel.Cancel, () => replyTo.Tell(new Owning(_leaks))];
            await Task.WhenAll(
                Task.Run(ways[round % 2]),
                Task.Run(ways[1 - round % 2]),
                Task.Run(() => token = replyTo.Cancelled),
                Task.Run(() => ((IActorRef)replyTo).SendSystem(new WatchMessage(new Ended(() => Interlocked.Increment(ref ends))))));
            if (await ask.ContinueWith(done => done.IsCompletedSuccessfully, TaskScheduler.Default))
                (await ask).Dispose();
            else
                Assert.True(SpinWait.SpinUntil(() => token.IsCancellationRequested, Patience.Limit), $"round {round}");
            Assert.Equal(round + 1, Volatile.Read(ref ends));
        }
        Assert.Equal((2_000, 0, 0), (_leaks.Births, _leaks.Alive, _leaks.DiedTwice));
    }

    private sealed class Ended(Action told) : IDeathListener
    {
        public void OnDeath(IActorRef subject) => told();
    }

    /// <summary>A token that can tell whether registrations are left: a callback of one that was released never runs.</summary>
    private sealed class CountingToken : IDisposable
    {
        private readonly CancellationTokenSource _source = new();

        public CancellationToken Token => _source.Token;

        public void Cancel() => _source.Cancel();

        public int CallbacksAfterwards()
        {
            var registrations = typeof(CancellationTokenSource).GetField("_registrations",
                System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance)!.GetValue(_source);
            return registrations?.GetType().GetField("Callbacks")!.GetValue(registrations) is null ? 0 : 1;
        }

        public void Dispose() => _source.Dispose();
    }
}
