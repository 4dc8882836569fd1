using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Kit;

/// <summary>The test kit itself: what it lets pass, and that it fails where it should.</summary>
public sealed class KitSpecs : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ActorWorld _world = new();
    private readonly TestProbe<Message> _probe;

    public KitSpecs() => _probe = _world.Probe<Message>("probe");

    public void Dispose() => _world.Dispose();

    [Fact]
    public void Probe_should_give_its_messages_in_order_and_fail_when_another_or_none_comes()
    {
        _probe.Ref.Tell(new Say("one"));
        _probe.Ref.Tell(new Say("two"));
        _probe.Ref.Tell(new Fail());
        Assert.Equal(new Say("one"), _probe.Expect());
        Assert.Equal("two", _probe.Expect<Say>(say => say.Text == "two").Text);
        Fails(() => _probe.Expect<Say>());
        Fails(() => _probe.Expect());
        _probe.Ref.Tell(new Say("three"));
        Fails(() => _probe.Expect<Say>(say => say.Text == "four"));
        Assert.Equal(4, _probe.All.Count);
    }

    [Fact]
    public void Probe_should_expect_messages_in_order()
    {
        foreach (var text in "abc")
            _probe.Ref.Tell(new Say($"{text}"));
        _probe.ExpectInOrder(new Say("a"), new Say("b"));
        Fails(() => _probe.ExpectInOrder(new Say("x")));
        Fails(() => _probe.ExpectInOrder(new Say("d")));
    }

    [Fact]
    public void Probe_should_move_the_clock_as_far_as_it_may_and_no_further()
    {
        new Script().SpawnIn(_world).Tell(
            new Do(actor => actor.Context.StartTimer("t", new Do(_ => _probe.Ref.Tell(new Say("late"))), Second)));
        Fails(() => _probe.Expect(within: Second * 0.5));
        Assert.Equal(Second * 0.5, _world.Time.Elapsed);
        _probe.ExpectNothing(during: Second * 0.4);
        Assert.Equal(new Say("late"), _probe.Expect(within: Second));
        Assert.Equal(Second, _world.Time.Elapsed);
    }

    [Fact]
    public void Probe_should_fail_when_something_comes_where_nothing_should()
    {
        _probe.ExpectNothing();
        _probe.Ref.Tell(new Say("unexpected"));
        Fails(() => _probe.ExpectNothing());
        _probe.ExpectNothing(Second);
    }

    [Fact]
    public void Probe_should_hear_of_the_end_of_whom_it_watches()
    {
        var (one, two) = (new Script().SpawnIn(_world, "one"), new Script().SpawnIn(_world, "two"));
        var watcher = _world.Probe<Message>("watcher", one, two);
        Fails(() => watcher.ExpectTerminated(one, Second));
        one.Stop();
        watcher.ExpectTerminated(one);
        two.Stop();
        Fails(() => watcher.ExpectTerminated(one));
    }

    [Fact]
    public async Task Probe_should_wait_for_systems_on_the_thread_pool()
    {
        await using var system = new ActorSystem("kit");
        var it = system.Spawn(new Script().Props, "it");
        var probe = new TestProbe<Message>(system, "probe", it);
        it.Tell(new Do(_ => probe.Ref.Tell(new Say("hello"))));
        Assert.Equal(new Say("hello"), await probe.Next());
        it.Stop();
        Assert.Same(it, await probe.NextTerminated());
    }

    [Fact]
    public void Filter_should_want_exactly_so_many_events()
    {
        var it = new Script().SpawnIn(_world);
        void Failing(int times)
        {
            for (var i = 0; i < times; i++)
                it.Tell(new Fail());
        }

        var failures = _world.Filter<ActorFailed>(failed => failed.Where == FailurePoint.Receive);
        Assert.Equal(it.Path, failures.ExpectOne(() => Failing(1)).Path);
        Assert.Equal(3, failures.Expect(3, () => Failing(3)).Count);
        failures.ExpectNone(() => it.Tell(new Say("fine")));
        Fails(() => failures.ExpectNone(() => Failing(1)));
        Fails(() => failures.ExpectOne(() => Failing(2)));
        Fails(() => failures.Expect(3, () => Failing(2)));
        _world.Filter<ActorFailed>(failed => failed.Where == FailurePoint.Dispose).ExpectNone(() => Failing(1));
    }

    [Fact]
    public void Filter_should_see_what_comes_with_time()
    {
        var it = new Script().SpawnIn(_world);
        it.Tell(new Do(actor => actor.Context.StartTimer("t", new Fail(), Second)));
        var failures = _world.Filter<ActorFailed>();
        failures.ExpectNone(() => { }, Second * 0.9);
        failures.ExpectOne(() => { }, Second * 0.1);
    }

    [Fact]
    public async Task Log_should_give_the_first_event_that_fits_whether_it_has_come_or_comes()
    {
        await using var system = new ActorSystem("kit");
        using var log = new EventLog(system);
        var it = system.Spawn(new Script().Props, "it");
        var coming = log.First<ActorFailed>();
        it.Tell(new Fail());
        Assert.Same(await coming, await log.First<ActorFailed>(failed => failed.Path.Equals(it.Path)));
        Assert.False(log.First<DeadLetter>().IsCompleted);
    }

    [Fact]
    public void AwaitAssert_should_run_until_the_assertion_passes_and_no_further()
    {
        var script = new Script();
        script.SpawnIn(_world).Tell(new Do(actor => actor.Context.StartPeriodicTimer("t", new Say("tick"), Second)));
        _world.AwaitAssert(() => Assert.Equal(3, script.Log.Count(line => line == "tick")), Second * 10);
        Assert.Equal(Second * 3, _world.Time.Elapsed);
        var failure = Assert.Throws<InvalidOperationException>(
            () => _world.AwaitAssert(() => Assert.Equal(9, script.Log.Count(line => line == "tick")), Second * 5));
        Assert.IsAssignableFrom<Xunit.Sdk.XunitException>(failure.InnerException);
        Assert.Equal(Second * 8, _world.Time.Elapsed);
    }

    [Fact]
    public void Clock_should_fire_in_order_each_at_its_own_time()
    {
        var time = new ManualTime();
        var fired = new List<string>();
        using var late = time.CreateTimer(_ => fired.Add($"late {time.Elapsed.TotalSeconds}"), null, Second * 3, Timeout.InfiniteTimeSpan);
        using var often = time.CreateTimer(_ => fired.Add($"often {time.Elapsed.TotalSeconds}"), null, Second, Second);
        using (time.CreateTimer(_ => fired.Add("disposed"), null, Second, Second))
        {
        }
        time.Advance(Second * 3.5);
        Assert.Equal(["often 1", "often 2", "late 3", "often 3"], fired);
        Assert.Equal(Second * 4, time.NextDue);
    }

    private static void Fails(Action expectation) => Assert.Throws<InvalidOperationException>(expectation);
}
