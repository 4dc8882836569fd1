using System.Collections.Concurrent;
using Broker.Cluster.Tests.Support;
using Broker.TestKit;
using static Broker.Cluster.Tests.Support.EtcdWorld;

namespace Broker.Cluster.Tests.Membership;

/// <summary>What membership makes of an etcd that pauses, drops, compacts, forgets, answers late and says things twice (E12).</summary>
public sealed class EtcdFaultSpecs
{
    private static readonly Task Never = new TaskCompletionSource().Task;

    [Fact]
    public async Task View_should_be_current_until_the_granted_time_after_the_last_keep_alive_was_sent()
    {
        await using var world = await StartAsync();
        world.Store.Ttl = 9;
        var time = new ManualTime();
        var a = world.Node(time, ttl: 6, attempt: TimeSpan.FromSeconds(1.5));
        await a.JoinAsync(Start("dmz-a"), Soon());
        await UntilAsync(a, "dmz-a");
        // A keep-alive that is answered a second late counts from when it was sent; no other is answered.
        var (arrived, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        world.Etcd[0].After = (method, _) =>
            method != "LeaseKeepAlive" ? Task.CompletedTask : arrived.TrySetResult() ? answer.Task : Never;
        a.BeatNow();
        await arrived.Task;
        var beats = a.Beats;
        time.Advance(TimeSpan.FromSeconds(1));
        answer.SetResult();
        await UntilAsync(() => a.Beats != beats);
        world.Etcd[0].Before = static (_, _) => Never;
        time.Advance(TimeSpan.FromSeconds(7.05));
        Assert.True(a.View.IsCurrent);
        var heard = new ConcurrentQueue<ClusterView>();
        using var watch = a.Watch(heard.Enqueue);
        time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.False(a.View.IsCurrent);
        await UntilAsync(() => heard.Count > 1);
        Assert.Equal([true, false], heard.Select(static v => v.IsCurrent));
        Assert.Equal(["dmz-a"], Nodes(a.View));
    }

    [Fact]
    public async Task Process_that_was_stopped_for_a_while_should_not_vouch_for_what_it_saw_before()
    {
        await using var world = await StartAsync();
        var late = new LateTime();
        var a = world.Node(late, ttl: 10);
        await a.JoinAsync(Start("dmz-a"), Soon());
        // What it asks from now on is not answered: all that it knows was asked for at the begin.
        world.Etcd[0].Before = static (_, _) => Never;
        late.Now = TimeSpan.FromSeconds(8.9).Ticks;
        Assert.True(a.View.IsCurrent);
        late.Now = TimeSpan.FromSeconds(9).Ticks;
        Assert.False(a.View.IsCurrent);
    }

    [Fact]
    public async Task Nobody_should_be_added_or_taken_away_while_etcd_is_gone_and_all_be_well_when_it_is_back()
    {
        await using var world = await StartAsync();
        var time = new ManualTime();
        var a = world.Node(time, ttl: 10, attempt: TimeSpan.FromSeconds(1.5));
        await a.JoinAsync(Start("dmz-a"), Soon());
        var b = await world.JoinedAsync("dmz-b");
        // Its watch may be waiting to begin again, on a clock that stands still: then only a list tells of the other.
        await BeatAsync(a);
        await UntilAsync(a, "dmz-a", "dmz-b");
        var isGone = true;
        world.Etcd[0].Before = (_, context) => isGone ? FakeEtcd.FailAsync(context, 14, "etcdserver: no leader") : Task.CompletedTask;
        world.Etcd[0].CutWatches();
        for (var i = 0; i < 30; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await UntilAsync(() => !a.View.IsCurrent);
        Assert.Equal(["dmz-a", "dmz-b"], Nodes(a.View));
        isGone = false;
        await BeatAsync(a);
        await UntilAsync(a, "dmz-a", "dmz-b");
        Assert.Null(a.Status.Failure);
        await BeatAsync(b);
        await UntilAsync(b, "dmz-a", "dmz-b");
    }

    [Fact]
    public async Task Node_should_join_when_etcd_comes_and_the_waiting_may_be_given_up()
    {
        await using var world = await StartAsync();
        var isGone = true;
        world.Etcd[0].Before = (_, context) => isGone ? FakeEtcd.FailAsync(context, 14, "etcdserver: no leader") : Task.CompletedTask;
        var a = world.Node();
        using var impatient = new CancellationTokenSource();
        var joining = a.JoinAsync(Start("dmz-a"), impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => joining);
        Assert.Equal(ClusterView.Empty, a.View);
        isGone = false;
        await UntilAsync(a, "dmz-a");
    }

    [Fact]
    public async Task Leaving_should_not_wait_for_an_etcd_that_is_gone()
    {
        await using var world = await StartAsync();
        var a = await world.JoinedAsync("dmz-a");
        world.Etcd[0].Before = static (_, context) => FakeEtcd.FailAsync(context, 14, "etcdserver: no leader");
        await a.LeaveAsync(Soon());
        Assert.Empty(a.View.Members);
        Assert.NotNull(world.Store.Find(Keys.Member(Start("dmz-a").Node)));
    }

    [Fact]
    public async Task Watch_that_breaks_should_go_on_where_it_was()
    {
        await using var world = await StartAsync();
        var a = await world.JoinedAsync("dmz-a");
        await UntilAsync(() => world.Etcd[0].Watches > 0);
        for (var i = 0; i < 3; i++)
        {
            world.Etcd[0].CutWatches();
            await world.JoinedAsync($"dmz-b{i}");
        }

        await UntilAsync(a, "dmz-a", "dmz-b0", "dmz-b1", "dmz-b2");
        await UntilAsync(() => a.Status.Restarts > 0);
    }

    [Fact]
    public async Task Watch_whose_revision_is_compacted_should_begin_behind_a_new_list()
    {
        await using var world = await StartAsync();
        var a = await world.JoinedAsync("dmz-a");
        var b = await world.JoinedAsync("dmz-b");
        await UntilAsync(a, "dmz-a", "dmz-b");
        // While the watch cannot be begun again, and no list is answered, somebody leaves, and that is compacted.
        var open = new TaskCompletionSource();
        var etcd = world.Etcd[0];
        etcd.Before = (method, _) => method is "Watch" or "Range" ? open.Task : Task.CompletedTask;
        etcd.CutWatches();
        world.Store.Expire(world.Store.Find(Keys.Member(Start("dmz-b").Node))!.Lease);
        await b.DisposeAsync();
        world.Store.Compact();
        open.SetResult();
        await UntilAsync(a, "dmz-a");
        var later = await world.JoinedAsync("dmz-c");
        await UntilAsync(a, "dmz-a", "dmz-c");
        await UntilAsync(later, "dmz-a", "dmz-c");
    }

    [Fact]
    public async Task Change_that_the_watch_lost_should_be_found_by_the_next_list_and_the_watch_begun_again()
    {
        await using var world = await StartAsync();
        var a = await world.JoinedAsync("dmz-a");
        var b = await world.JoinedAsync("dmz-b");
        await UntilAsync(a, "dmz-a", "dmz-b");
        world.Etcd[0].Repeats = 0;
        var (watches, found) = (world.Etcd[0].Calls.Count(static c => c == "Watch"), a.Status.FoundByList);
        // A watch that was not there yet has lost nothing: then something else happens.
        for (var soon = Soon(); a.Status.FoundByList == found; soon.ThrowIfCancellationRequested())
        {
            await b.JoinAsync(Start("dmz-b"), Soon());
            await BeatAsync(a);
            await UntilAsync(a, "dmz-a", "dmz-b");
            await b.LeaveAsync(Soon());
            await BeatAsync(a);
            await UntilAsync(a, "dmz-a");
        }

        await UntilAsync(() => world.Etcd[0].Calls.Count(static c => c == "Watch") > watches);
        world.Etcd[0].Repeats = 1;
        await world.JoinedAsync("dmz-c");
        await UntilAsync(a, "dmz-a", "dmz-c");
    }

    [Fact]
    public async Task Events_that_come_more_than_once_should_change_nothing_more()
    {
        await using var world = await StartAsync();
        world.Etcd[0].Repeats = 3;
        var a = await world.JoinedAsync("dmz-a");
        var before = a.View.Version;
        await world.JoinedAsync("dmz-b");
        await UntilAsync(a, "dmz-a", "dmz-b");
        await BeatAsync(a);
        Assert.Equal(before + 1, a.View.Version);
    }

    [Fact]
    public async Task Join_whose_answer_was_lost_should_be_found_done_and_not_be_done_again()
    {
        await using var world = await StartAsync();
        var lost = 0;
        world.Etcd[0].After = (method, context) =>
        {
            if (method == "Put" && Interlocked.Increment(ref lost) == 1)
                context.Abort();
            return Task.CompletedTask;
        };
        await world.JoinedAsync("dmz-a");
        Assert.Equal((1, 2L), (lost, world.Store.Revision));
    }

    [Fact]
    public async Task Store_that_was_restored_from_a_copy_should_be_taken_as_it_is()
    {
        await using var world = await StartAsync();
        var a = await world.JoinedAsync("dmz-a");
        var b = await world.JoinedAsync("dmz-b");
        await UntilAsync(a, "dmz-a", "dmz-b");
        world.Store.Restore();
        await BeatAsync(a);
        await BeatAsync(b);
        await UntilAsync(a, "dmz-a", "dmz-b");
        await UntilAsync(b, "dmz-a", "dmz-b");
        await world.JoinedAsync("dmz-c");
        await UntilAsync(a, "dmz-a", "dmz-b", "dmz-c");
    }

    [Fact]
    public async Task Member_of_etcd_that_stops_should_be_left_for_another()
    {
        await using var world = await StartAsync(members: 2);
        var a = await world.JoinedAsync("dmz-a");
        await world.Etcd[0].StopAsync();
        await world.JoinedAsync("dmz-b");
        await UntilAsync(a, "dmz-a", "dmz-b");
        await BeatAsync(a);
        Assert.True(a.View.IsCurrent);
    }
}
