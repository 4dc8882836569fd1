using Broker.Actors;
using Broker.Agent.Session;
using Broker.Agent.Uses;
using Broker.Protocol.Identifiers;

namespace Broker.Agent.Credentials;

/// <summary><c>/credentials</c>: one child for each hand-off that is in use, which owns what came in its envelope.</summary>
internal sealed class CredentialsActor(ActorRef<UsesMessage> uses) : Actor<CredentialsMessage>
{
    private readonly Dictionary<Id16, Held> _held = [];

    // A failed hand-off is not begun again: its secrets were wiped with it.
    protected override SupervisorStrategy SupervisorStrategy => SupervisorStrategy.Stopping;

    protected override ValueTask Receive(CredentialsMessage message)
    {
        switch (message)
        {
            case CredentialsMessage.Take take:
                Take(take);
                break;
            case CredentialsMessage.End end when _held.TryGetValue(end.HandOff, out var held):
                held.Actor.Tell(new HandOffMessage.End());
                break;
            case CredentialsMessage.End:
                break;
            case CredentialsMessage.EndAll:
                foreach (var held in _held.Values)
                    held.Actor.Tell(new HandOffMessage.End());
                break;
            case CredentialsMessage.Over over when _held.TryGetValue(over.HandOff, out var held):
                held.How = over.How;
                break;
            case CredentialsMessage.Gone gone when _held.Remove(gone.HandOff, out var held):
                if (held.How is null)
                    uses.Tell(new UsesMessage.End(gone.HandOff));
                held.Owner.Tell(new SessionMessage.HandOffEnded(gone.HandOff, held.How ?? UseEnd.Failed));
                break;
            default:
                Context.Unhandled(message);
                break;
        }

        return ValueTask.CompletedTask;
    }

    private void Take(CredentialsMessage.Take take)
    {
        var (handOff, replaces, self) = (take.HandOff, take.Replaces, Context.Self);
        var actor = Context.Spawn(Props<HandOffMessage>.Of(() => new HandOffActor(handOff, replaces, uses, self)), handOff.ToString());
        _held[handOff] = new Held(actor, take.Owner);
        Context.WatchWith(actor, new CredentialsMessage.Gone(handOff));
        actor.Tell(new HandOffMessage.Take([.. take.Deliveries.Select(static d => d.Move())]));
    }

    private sealed record Held(ActorRef<HandOffMessage> Actor, ActorRef<SessionMessage> Owner)
    {
        public UseEnd? How { get; set; }
    }
}
