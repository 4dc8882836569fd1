using System.Collections.Immutable;

namespace Broker.Actors;

/// <summary>The events of one system, to whoever subscribes. Thread-safe.</summary>
public sealed class EventStream
{
    private ImmutableArray<Action<ActorEvent>> _subscribers = [];

    internal EventStream()
    {
    }

    /// <summary>Calls the handler for every event until the result is disposed.</summary>
    /// <param name="handler">Called on the thread of the event: short, without blocking, thread-safe. What it throws is ignored.</param>
    public IDisposable Subscribe(Action<ActorEvent> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ImmutableInterlocked.Update(ref _subscribers, (list, added) => list.Add(added), handler);
        return new Subscription(this, handler);
    }

    internal void Publish(ActorEvent actorEvent)
    {
        foreach (var subscriber in _subscribers)
        {
            try
            {
                subscriber(actorEvent);
            }
#pragma warning disable CA1031 // A subscriber's fault must not become the actor's.
            catch (Exception)
#pragma warning restore CA1031
            {
            }
        }
    }

    private sealed class Subscription(EventStream stream, Action<ActorEvent> handler) : IDisposable
    {
        public void Dispose() => ImmutableInterlocked.Update(ref stream._subscribers, (list, removed) => list.Remove(removed), handler);
    }
}
