using System.Collections.Concurrent;
using System.Threading.Channels;
using Broker.Actors;

namespace Broker.TestKit;

/// <summary>An actor that keeps what it is told, for the test to look at. Owned messages are disposed as by any actor.</summary>
public sealed class TestProbe<T> where T : notnull
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Channel<T> _arrived = Channel.CreateUnbounded<T>();
    private readonly Channel<IActorRef> _terminated = Channel.CreateUnbounded<IActorRef>();
    private readonly ConcurrentQueue<T> _all = new();

    public TestProbe(ActorSystem system, string name) => Ref = system.Spawn(Props<T>.Of(() => new ProbeActor(this)), name);

    public ActorRef<T> Ref { get; }

    /// <summary>Everything so far, in order.</summary>
    public IReadOnlyList<T> All => [.. _all];

    /// <summary>The next message; waits for it in real time, so for systems on the thread pool.</summary>
    /// <exception cref="TimeoutException">None came: the test has failed.</exception>
    public Task<T> Next() => _arrived.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    /// <summary>The next notice of termination, see <see cref="TestProbe{T}.Next"/>.</summary>
    public Task<IActorRef> NextTerminated() => _terminated.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    /// <summary>The next message that has come already; fails when there is none.</summary>
    public T Expect() => _arrived.Reader.TryRead(out var message) ? message : throw new InvalidOperationException($"{Ref.Path} was told nothing");

    /// <summary>Fails when a message has come that was not expected yet. Meaningful once the world is at rest.</summary>
    public void ExpectNothing()
    {
        if (_arrived.Reader.TryRead(out var message))
            throw new InvalidOperationException($"{Ref.Path} was told a {message.GetType().Name}");
    }

    private sealed class ProbeActor(TestProbe<T> probe) : Actor<T>
    {
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
