using Broker.Actors;

namespace Broker.Dmz.Agents;

/// <summary>
/// How many handshakes of sessions are under way at a time where this node owns the customers. Sessions that come together, as after a
/// take-over, would otherwise share the cores and all open at the end; in line the first serves long before, and the last no later.
/// It orders and does not protect: nobody waits for longer than <see cref="Patience"/>, and who holds a place for longer loses it.
/// Thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="count">Handshakes at a time.</param>
internal sealed class HandshakePlaces(TimeProvider time, int count)
{
    /// <summary>The longest time that a session waits for its turn, and that another one waits for it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly Lock _gate = new();
    private readonly LinkedList<Place> _line = [];
    private readonly LinkedList<Place> _taken = [];
    private readonly Dictionary<ActorRef<AgentSessionMessage>, LinkedListNode<Place>> _places = [];

    /// <summary>Enough to keep the cores busy while peers compute.</summary>
    public static int Default => 2 * Environment.ProcessorCount;

    /// <summary>Sessions in the line, and those with a place.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _places.Count;
            }
        }
    }

    /// <summary>Joins the line; <see cref="AgentSessionMessage.Greet"/> comes when it is the session's turn, perhaps at once.</summary>
    /// <param name="session">Whoever is neither in the line nor has a place.</param>
    public void Enter(ActorRef<AgentSessionMessage> session)
    {
        List<ActorRef<AgentSessionMessage>> next;
        lock (_gate)
        {
            _places.Add(session, _line.AddLast(new Place(session, 0)));
            next = Admit();
        }

        Tell(next);
    }

    /// <summary>The handshake is done or given up, or the session waits for its turn no longer.</summary>
    public void Leave(ActorRef<AgentSessionMessage> session)
    {
        List<ActorRef<AgentSessionMessage>> next;
        lock (_gate)
        {
            if (!_places.Remove(session, out var place))
            {
                return;
            }

            place.List!.Remove(place);
            next = Admit();
        }

        Tell(next);
    }

    // Who lost a place by its time is looked at where somebody comes or goes; who waits meanwhile has a time of its own.
    private List<ActorRef<AgentSessionMessage>> Admit()
    {
        var now = time.GetTimestamp();
        while (_taken.First is { } oldest && time.GetElapsedTime(oldest.Value.Since, now) >= Patience)
        {
            _taken.RemoveFirst();
            _places.Remove(oldest.Value.Session);
        }

        var admitted = new List<ActorRef<AgentSessionMessage>>();
        while (_taken.Count < count && _line.First is { } next)
        {
            _line.RemoveFirst();
            _places[next.Value.Session] = _taken.AddLast(next.Value with { Since = now });
            admitted.Add(next.Value.Session);
        }

        return admitted;
    }

    // One that is too busy to hear of it begins when its patience is over.
    private static void Tell(List<ActorRef<AgentSessionMessage>> next)
    {
        foreach (var session in next)
        {
            session.TryTell(new AgentSessionMessage.Greet());
        }
    }

    private readonly record struct Place(ActorRef<AgentSessionMessage> Session, long Since);
}
