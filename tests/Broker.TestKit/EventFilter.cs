using Broker.Actors;

namespace Broker.TestKit;

/// <summary>What a world must tell about itself while something is done, and how often: too many is as wrong as too few.</summary>
public sealed class EventFilter<T> where T : ActorEvent
{
    private readonly ActorWorld _world;
    private readonly Func<T, bool> _where;

    internal EventFilter(ActorWorld world, Func<T, bool> where)
    {
        _world = world;
        _where = where;
    }

    /// <summary>Does it, runs the world to rest, and counts.</summary>
    /// <param name="count">How many events must come, exactly.</param>
    /// <param name="act">What causes them.</param>
    /// <param name="during">How far the clock moves meanwhile.</param>
    public IReadOnlyList<T> Expect(int count, Action act, TimeSpan during = default)
    {
        _world.Run();
        var before = _world.Events.All.Count;
        act();
        _world.Advance(during);
        var all = _world.Events.All.Skip(before).ToList();
        var found = all.OfType<T>().Where(_where).ToList();
        return found.Count == count
            ? found
            : throw new InvalidOperationException(
                $"{found.Count} {typeof(T).Name} instead of {count} (seed {_world.Seed}); all events: {string.Join("; ", all)}");
    }

    /// <summary>Exactly one, see <see cref="Expect"/>.</summary>
    public T ExpectOne(Action act, TimeSpan during = default) => Expect(1, act, during)[0];

    /// <summary>None at all, see <see cref="Expect"/>.</summary>
    public void ExpectNone(Action act, TimeSpan during = default) => Expect(0, act, during);
}
