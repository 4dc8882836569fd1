namespace Broker.Actors;

/// <summary>Where actors' turns run. A turn never runs inside <see cref="Schedule"/>.</summary>
public abstract class Dispatcher
{
    /// <summary>The shared thread pool. The default.</summary>
    public static Dispatcher ThreadPool { get; } = new ThreadPoolDispatcher();

    /// <summary>Runs the item once, later. Called from any thread; must not throw and must not run it in place.</summary>
    public abstract void Schedule(IThreadPoolWorkItem item);

    private sealed class ThreadPoolDispatcher : Dispatcher
    {
        public override void Schedule(IThreadPoolWorkItem item) =>
            System.Threading.ThreadPool.UnsafeQueueUserWorkItem(item, preferLocal: false);
    }
}
