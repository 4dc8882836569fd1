using System.Collections.Concurrent;
using System.Threading.Channels;
using Broker.Actors;

namespace Broker.TestKit;

/// <summary>
/// An actor that keeps what it is told, for the test to look at. Owned messages are disposed as by any actor. <c>Expect…</c> is for worlds
/// that the test runs itself, <c>Next…</c> for systems on the thread pool.
/// </summary>
public sealed class TestProbe<T> where T : notnull
{
    private readonly Channel<T> _arrived = Channel.CreateUnbounded<T>();
    private readonly Channel<IActorRef> _terminated = Channel.CreateUnbounded<IActorRef>();
    private readonly ConcurrentQueue<T> _all = new();

    /// <param name="system">Where it lives.</param>
    /// <param name="name">Unique among the top-level actors.</param>
    /// <param name="watched">Whom it watches.</param>
    public TestProbe(ActorSystem system, string name, params IActorRef[] watched) =>
        Ref = system.Spawn(Props<T>.Of(() => new ProbeActor(this, watched)), name);

    public ActorRef<T> Ref { get; }

    /// <summary>Everything so far, in order.</summary>
    public IReadOnlyList<T> All => [.. _all];

    /// <summary>Run by the expectations; null when the test does that itself.</summary>
    internal ActorWorld? World { get; init; }

    /// <summary>The next message; waits for it in real time.</summary>
    /// <exception cref="TimeoutException">None came: the test has failed.</exception>
    public Task<T> Next() => _arrived.Reader.ReadAsync().AsTask().WaitAsync(Patience.Limit);

    /// <summary>The next notice of termination, see <see cref="Next"/>.</summary>
    public Task<IActorRef> NextTerminated() => _terminated.Reader.ReadAsync().AsTask().WaitAsync(Patience.Limit);

    /// <summary>The next message that comes; fails when there is none.</summary>
    /// <param name="within">How far the clock of the probe's world may move until it comes.</param>
    public T Expect(TimeSpan within = default)
    {
        World?.RunUntil(() => _arrived.Reader.TryPeek(out _), within);
        return _arrived.Reader.TryRead(out var message) ? message : throw new InvalidOperationException($"{Ref.Path} was told nothing");
    }

    /// <summary>The next message, which must be of this type and fit; fails also when another comes first.</summary>
    public TMessage Expect<TMessage>(Func<TMessage, bool>? where = null, TimeSpan within = default) where TMessage : T
    {
        var message = Expect(within);
        if (message is not TMessage wanted)
            throw new InvalidOperationException($"{Ref.Path} was told a {message.GetType().Name}, not a {typeof(TMessage).Name}");
        return where is null || where(wanted) ? wanted : throw new InvalidOperationException(
            $"{Ref.Path} was told another {typeof(TMessage).Name}");
    }

    /// <summary>Messages that must come in this order, with nothing between them.</summary>
    public void ExpectInOrder(params T[] messages)
    {
        foreach (var (message, index) in messages.Select((message, index) => (message, index)))
        {
            if (!message.Equals(Expect()))
                throw new InvalidOperationException($"{Ref.Path} was told something else than message {index + 1} of {messages.Length}");
        }
    }

    /// <summary>The next notice of termination must be of this actor.</summary>
    public void ExpectTerminated(IActorRef actor, TimeSpan within = default)
    {
        World?.RunUntil(() => _terminated.Reader.TryPeek(out _), within);
        if (!_terminated.Reader.TryRead(out var ended))
            throw new InvalidOperationException($"{Ref.Path} has heard of no end");
        if (!ReferenceEquals(ended, actor))
            throw new InvalidOperationException($"{Ref.Path} has heard of the end of {ended.Path}, not of {actor.Path}");
    }

    /// <summary>
    /// Fails when a message has come that was not expected yet. Without a world of its own: meaningful once that is at rest.
    /// </summary>
    /// <param name="during">How far the clock of the probe's world moves meanwhile.</param>
    public void ExpectNothing(TimeSpan during = default)
    {
        World?.RunUntil(() => _arrived.Reader.TryPeek(out _), during);
        if (_arrived.Reader.TryRead(out var message))
            throw new InvalidOperationException($"{Ref.Path} was told a {message.GetType().Name}");
    }

    private sealed class ProbeActor(TestProbe<T> probe, IActorRef[] watched) : Actor<T>
    {
        protected override ValueTask PreStart()
        {
            foreach (var actor in watched)
                Context.Watch(actor);
            return ValueTask.CompletedTask;
        }

        protected override ValueTask Receive(T message)
        {
            probe._all.Enqueue(message);
            probe._arrived.Writer.TryWrite(message);
            return ValueTask.CompletedTask;
        }

        protected override bool OnTerminated(Terminated terminated)
        {
            probe._terminated.Writer.TryWrite(terminated.Ref);
            return true;
        }
    }
}
