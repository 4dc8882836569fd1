using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

public sealed class BackoffSpecs : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ActorWorld _world = new();
    private readonly Script _child = new();
    private readonly BackoffOptions<Message> _options = new() { MinDelay = Second, MaxDelay = Second * 5, Jitter = 0 };

    public void Dispose() => _world.Dispose();

    [Fact]
    [Trait("Statement", "V9")]
    public void V9_delay_should_double_up_to_the_maximum_and_add_its_jitter()
    {
        Assert.Equal([1, 2, 4, 5, 5], Enumerable.Range(0, 5).Select(n => _options.Delay(n, 0.5).TotalSeconds));
        Assert.Equal(Second * 5, _options.Delay(int.MaxValue, 0.5));
        var jittered = _options with { Jitter = 0.4 };
        Assert.Equal([1.0, 1.2, 1.4], new[] { 0, 0.5, 1 }.Select(random => jittered.Delay(0, random).TotalSeconds));
    }

    [Fact]
    [Trait("Statement", "V9")]
    public void V9_meaningless_options_should_be_refused_and_the_outermost_ones_taken()
    {
        BackoffOptions<Message>[] bad =
        [
            _options with { Jitter = 1.1 }, _options with { Jitter = -0.1 }, _options with { Jitter = double.NaN }, _options with
            {
                MaxDelay = Second * 0.5,
            },
            _options with { MinDelay = TimeSpan.Zero }, _options with { MaxStarts = -2 }, _options with { ResetAfter = TimeSpan.Zero },
        ];
        Assert.All(bad, options => Assert.Throws<ArgumentOutOfRangeException>(() => Backoff.StopAndStart(_child.Props, options)));
        BackoffOptions<Message>[] good =
            [_options with { Jitter = 1 }, _options with { Jitter = 0 }, _options with { MaxDelay = Second },
                _options with { MaxStarts = -1 }, _options with { MaxStarts = 0 }];
        Assert.All(good, options => Assert.NotNull(Backoff.StopAndStart(_child.Props, options)));
        Assert.Throws<ArgumentNullException>(() => Backoff.StopAndStart(null!, _options));
        Assert.Throws<ArgumentNullException>(() => Backoff.StopAndStart(_child.Props, null!));
    }

    [Fact]
    [Trait("Statement", "V9")]
    public void V9_final_stop_said_twice_should_be_final_as_well()
    {
        var it = Spawn(_options with { IsFinalStop = message => message is Say });
        it.Tell(new Say("end"));
        it.Tell(new Say("end"));
        it.Tell(new Fail());
        _world.Advance(Second * 10);
        Assert.Equal((1, 0), (_child.Instances, _world.System.ActorCount));
    }

    [Fact]
    [Trait("Statement", "V9")]
    public void V9_failed_child_should_come_back_after_growing_waits()
    {
        var it = Spawn(_options);
        foreach (var wait in new[] { 1, 2, 4, 5, 5 })
        {
            var before = _child.Instances;
            it.Tell(new Fail());
            _world.Advance(Second * (wait - 0.001));
            Assert.Equal(before, _child.Instances);
            _world.Advance(Second * 0.001);
            Assert.Equal(before + 1, _child.Instances);
        }
    }

    [Fact]
    [Trait("Statement", "V9")]
    public void V9_long_life_should_reset_the_count_and_a_short_one_not()
    {
        var it = Spawn(_options with { ResetAfter = Second * 10 });
        Fail(it, Second);
        Fail(it, Second * 2);
        _world.Advance(Second * 9.9);
        Fail(it, Second * 4);
        _world.Advance(Second * 10);
        Fail(it, Second);
        Assert.Equal(5, _child.Instances);
    }

    [Fact]
    [Trait("Statement", "V9")]
    public void V9_reset_message_should_reset_the_count_but_a_stale_one_be_ignored()
    {
        var it = Spawn(_options with { IsReset = message => message is Say { Text: "reset" } });
        Fail(it, Second);
        it.Tell(new Say("reset"));
        Fail(it, Second);
        it.Tell(new Fail());
        _world.Run();
        it.Tell(new Say("reset"));
        _world.Advance(Second * 2);
        Fail(it, Second * 4);
        Assert.Equal(5, _child.Instances);
        Assert.DoesNotContain("reset", _child.Log);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Statement", "V9")]
    public void V9_message_while_down_should_be_answered_or_be_a_dead_letter_and_wiped(bool answer)
    {
        var leaks = new Leaks();
        var answered = 0;
        var it = Spawn(_options with { WhileDown = answer ? _ => answered++ : null });
        it.Tell(new Fail());
        _world.Run();
        it.Tell(new Owning(leaks));
        _world.Run();
        Assert.Equal((answer ? 1 : 0, answer ? 0 : 1), (answered, _world.Events.Of<DeadLetter>().Count));
        Assert.Equal((1, 0, 0), (leaks.Births, leaks.Alive, leaks.DiedTwice));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Statement", "V9")]
    public void V9_final_stop_should_end_the_supervisor_with_the_child(bool whileDown)
    {
        var it = Spawn(_options with { IsFinalStop = message => message is Do });
        if (whileDown)
            it.Tell(new Fail());
        _world.Run();
        it.Tell(new Do(actor => actor.Context.StopSelf()));
        _world.Run();
        Assert.Equal(TellResult.Stopped, it.TryTell(new Say("late")));
        _world.Advance(Second * 10);
        Assert.Equal(1, _child.Instances);
        Assert.Equal(0, _world.System.ActorCount);
    }

    [Fact]
    [Trait("Statement", "V9")]
    public void V9_more_starts_than_allowed_should_stop_the_supervisor()
    {
        var it = Spawn(_options with { MaxStarts = 2 });
        Fail(it, Second);
        Fail(it, Second * 2);
        it.Tell(new Fail());
        _world.Advance(Second * 60);
        Assert.Equal(3, _child.Instances);
        Assert.Equal(TellResult.Stopped, it.TryTell(new Say("late")));
    }

    [Fact]
    [Trait("Statement", "V10")]
    public void V10_stop_and_start_should_run_no_restart_hooks_and_lose_mailbox_and_stash()
    {
        var leaks = new Leaks();
        var it = Spawn(_options);
        it.Tell(new Owning(leaks, (actor, self) => actor.Context.Stash(self)));
        _world.Run();
        var gate = new TaskCompletionSource();
        it.Tell(new Do(async _ => { await gate.Task; throw new InvalidOperationException(); }));
        it.Tell(new Say("in the mailbox"));
        _world.Run();
        gate.SetResult();
        _world.Advance(Second);
        Assert.Equal(["new1", "prestart1", "poststop1", "dispose1", "new2", "prestart2"], _child.Log);
        Assert.Equal(2, _world.Events.Of<DeadLetter>().Count);
        Assert.Equal((1, 0, 0), (leaks.Births, leaks.Alive, leaks.DiedTwice));
    }

    private ActorRef<Message> Spawn(BackoffOptions<Message> options)
    {
        var it = _world.System.Spawn(Backoff.StopAndStart(_child.Props, options), "it");
        _world.Run();
        return it;
    }

    /// <summary>Fails the child, and checks that the next is there after the wait and not before.</summary>
    private void Fail(ActorRef<Message> it, TimeSpan wait)
    {
        var before = _child.Instances;
        it.Tell(new Fail());
        _world.Advance(wait - TimeSpan.FromMilliseconds(1));
        Assert.Equal(before, _child.Instances);
        _world.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(before + 1, _child.Instances);
    }
}
