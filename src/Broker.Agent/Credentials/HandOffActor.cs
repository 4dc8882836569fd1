using Broker.Actors;
using Broker.Agent.Uses;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;

namespace Broker.Agent.Credentials;

/// <summary>
/// <c>/credentials/{hand-off}</c>: begins the uses of one envelope and says, once, how they ended: well only if all of them did.
/// </summary>
internal sealed class HandOffActor(Id16 handOff, Id16 replaces, ActorRef<UsesMessage> uses,
    ActorRef<CredentialsMessage> credentials) : Actor<HandOffMessage>
{
    private readonly HashSet<Name> _running = [];
    private UseEnd? _how;

    protected override ValueTask Receive(HandOffMessage message)
    {
        switch (message)
        {
            case HandOffMessage.Take take:
                foreach (var delivery in take.Deliveries)
                {
                    _running.Add(delivery.Use.Name);
                    uses.Tell(new UsesMessage.Begin(delivery.Move(), Context.Self, replaces));
                }

                break;
            case HandOffMessage.UseEnded ended when _running.Remove(ended.Use):
                if (_how is null || (_how.State == HandOffState.Used && ended.How.State != HandOffState.Used))
                    _how = ended.How;
                if (_running.Count == 0)
                {
                    credentials.Tell(new CredentialsMessage.Over(handOff, _how));
                    Context.StopSelf();
                }

                break;
            case HandOffMessage.End:
                uses.Tell(new UsesMessage.End(handOff));
                break;
            default:
                Context.Unhandled(message);
                break;
        }

        return ValueTask.CompletedTask;
    }
}
