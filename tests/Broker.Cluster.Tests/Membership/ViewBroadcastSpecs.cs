using Broker.Protocol.Identifiers;

namespace Broker.Cluster.Tests.Membership;

public sealed class ViewBroadcastSpecs
{
    private readonly ViewBroadcast _broadcast = new();

    [Fact]
    public void Watcher_should_hear_the_present_view_first_and_each_change_once()
    {
        Show("a");
        var heard = new List<ClusterView>();
        using var watch = _broadcast.Watch(heard.Add);
        Show("a");
        Show("a", "b");
        Assert.Equal([1ul, 2ul], heard.Select(static v => v.Version));
        Assert.Same(_broadcast.View, heard[^1]);
    }

    [Fact]
    public void Watcher_who_ended_should_hear_no_more()
    {
        var heard = 0;
        var watch = _broadcast.Watch(_ => heard++);
        watch.Dispose();
        Show("a");
        Assert.Equal(1, heard);
    }

    [Fact]
    public void Change_made_by_a_watcher_should_be_heard_after_it_and_by_the_others()
    {
        var (first, second) = (new List<ulong>(), new List<ulong>());
        using var one = _broadcast.Watch(view =>
        {
            first.Add(view.Version);
            if (view.Version == 1)
                Show("a", "b");
        });
        using var two = _broadcast.Watch(view => second.Add(view.Version));
        Show("a");
        Assert.Equal([0ul, 1ul, 2ul], first);
        Assert.Equal([0ul, 2ul], second);
    }

    [Fact]
    public async Task Changes_from_many_threads_should_be_heard_in_order_by_one_thread_at_a_time_and_the_last_one_always()
    {
        var (inside, last, wrong) = (0, 0ul, 0);
        using var watch = _broadcast.Watch(view =>
        {
            if (Interlocked.Increment(ref inside) != 1 || view.Version < last)
                Interlocked.Increment(ref wrong);
            last = view.Version;
            Interlocked.Decrement(ref inside);
        });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 2000; i++)
                Show($"n{thread}", $"m{i % 7}");
        })));
        Show("end");
        Assert.Equal((0, _broadcast.View.Version), (wrong, last));
    }

    private void Show(params string[] nodes) => _broadcast.Change(last => new ClusterView(
        last.Version,
        [.. nodes.Select(static n => new Member(Name.Parse(n), new Uri("https://127.0.0.1:1"), Digest.Zero, "1"))],
        IsCurrent: true));
}
