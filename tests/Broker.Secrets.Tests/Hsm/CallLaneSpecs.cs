using Broker.TestKit;

namespace Broker.Secrets.Tests.Hsm;

public sealed class CallLaneSpecs : GaugedSpecs
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly ManualTime _time = new();
    private readonly CallLane _lane;
    private readonly SemaphoreSlim _entered;
    private readonly ManualResetEventSlim _return;

    public CallLaneSpecs()
    {
        _lane = new CallLane(Limit, _time);
        _entered = Keep(new SemaphoreSlim(0));
        _return = Keep(new ManualResetEventSlim());
    }

    [Fact]
    public void Call_should_give_its_result_or_its_error()
    {
        Assert.Equal(7, _lane.Run(static () => 7));
        Assert.Throws<NotSupportedException>(() => _lane.Run<int>(static () => throw new NotSupportedException()));
        Assert.Equal(8, _lane.Run(static () => 8));
    }

    [Fact]
    public async Task Calls_should_run_one_at_a_time()
    {
        var (running, most) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => _lane.Run(() =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            Thread.Yield();
            return Interlocked.Decrement(ref running);
        }))));

        Assert.Equal(1, most);
    }

    [Fact]
    public async Task Call_that_hangs_should_be_given_up_and_refuse_all_others_until_it_returns()
    {
        var hung = Task.Run(() => _lane.Run(() => Hang()));
        await Entered();
        await PassLimit();
        Assert.Equal(HsmFailure.Unresponsive, (await Assert.ThrowsAsync<HsmException>(() => hung)).Failure);

        // At once: no time passes.
        Assert.Equal(HsmFailure.Unresponsive, Assert.Throws<HsmException>(() => _lane.Run(static () => 1)).Failure);

        var ended = Task.Run(() => _lane.End(static () => { }));
        _return.Set();
        // What ends things comes behind the call; then the lane goes on.
        Assert.True(await ended.WaitAsync(Patience.Limit));
        Assert.Equal(2, _lane.Run(static () => 2));
    }

    [Fact]
    public async Task Result_that_comes_too_late_and_what_the_call_owned_should_be_wiped()
    {
        var owned = SecretBuffer.Allocate(8);
        SecretBuffer? late = null;
        var hung = Task.Run(() => _lane.Run(() => late = SecretBuffer.Allocate(Hang()), owned));
        await Entered();
        await PassLimit();
        await Assert.ThrowsAsync<HsmException>(() => hung);
        Assert.False(owned.IsEmptied);

        _return.Set();
        Assert.True(_lane.End(static () => { }));

        Assert.True(owned.IsEmptied);
        Assert.True(late!.IsEmptied);
    }

    [Fact]
    public async Task Call_given_up_while_it_waited_should_never_begin()
    {
        var began = false;
        var owned = SecretBuffer.Allocate(8);
        var hung = Task.Run(() => _lane.Run(() => Hang()));
        await Entered();
        var waiting = Task.Run(() => _lane.Run(() => began = true, owned));
        await Timers(2);
        await PassLimit();
        await Assert.ThrowsAsync<HsmException>(() => hung);
        await Assert.ThrowsAsync<HsmException>(() => waiting);

        _return.Set();
        Assert.True(_lane.End(static () => { }));

        Assert.False(began);
        Assert.True(owned.IsEmptied);
    }

    [Fact]
    [Trait("Invariant", "I10")]
    public async Task Calls_that_wait_should_be_bounded()
    {
        var hung = OnThread(() => _lane.Run(() => Hang()));
        await Entered();
        var waiting = Enumerable.Range(0, 32).Select(_ => OnThread(() => _lane.Run(static () => 3))).ToList();
        await Timers(33);

        using var owned = SecretBuffer.Allocate(8);
        Assert.Equal(HsmFailure.Busy, Assert.Throws<HsmException>(() => _lane.Run(static () => 3, owned)).Failure);
        Assert.True(owned.IsEmptied);

        _return.Set();
        Assert.All(await Task.WhenAll(waiting).WaitAsync(Patience.Limit), static result => Assert.Equal(3, result));
        await hung;
    }

    [Fact]
    public async Task Late_result_that_ends_itself_on_the_lane_should_not_wait_for_the_lane()
    {
        var ended = false;
        var hung = Task.Run(() => _lane.Run(() =>
        {
            Hang();
            return new Ending(() => _lane.End(() => ended = true));
        }));
        await Entered();
        await PassLimit();
        await Assert.ThrowsAsync<HsmException>(() => hung);

        _return.Set();
        Assert.True(_lane.End(static () => { }));

        Assert.True(ended);
    }

    // Many that block at once would wait for the thread pool to grow.
    private static Task<int> OnThread(Func<int> call) =>
        Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private int Hang()
    {
        _entered.Release();
        Assert.True(_return.Wait(Patience.Limit));
        return 8;
    }

    private async Task Entered() => Assert.True(await _entered.WaitAsync(Patience.Limit));

    private async Task PassLimit()
    {
        await Timers(1);
        _time.Advance(Limit);
    }

    // A caller's timer is armed just after its call is queued: time must not move before.
    private async Task Timers(int count)
    {
        while (_time.Armed < count)
            await Task.Yield();
    }

    private sealed class Ending(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
