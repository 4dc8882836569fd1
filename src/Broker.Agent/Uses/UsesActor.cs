using Broker.Actors;
using Broker.Agent.Credentials;
using Broker.Protocol.Identifiers;

namespace Broker.Agent.Uses;

/// <summary>
/// <c>/uses</c>: one child for each use of each hand-off. A use whose actor fails is stopped, not restarted, since its secrets are wiped
/// with it; its owner is told either way.
/// </summary>
internal sealed class UsesActor : Actor<UsesMessage>
{
    private readonly Dictionary<string, Running> _running = [];

    protected override SupervisorStrategy SupervisorStrategy => SupervisorStrategy.Stopping;

    protected override ValueTask Receive(UsesMessage message)
    {
        switch (message)
        {
            case UsesMessage.Begin begin:
                Begin(begin);
                break;
            case UsesMessage.End end:
                foreach (var running in _running.Values.Where(r => r.HandOff == end.HandOff))
                    running.Actor.Tell(new UseMessage.End());
                break;
            case UsesMessage.Ended ended when _running.TryGetValue(ended.Key, out var running):
                running.How = ended.How;
                break;
            case UsesMessage.Gone gone when _running.Remove(gone.Key, out var running):
                running.Owner.Tell(new HandOffMessage.UseEnded(running.Use, running.How ?? UseEnd.Failed));
                break;
            default:
                Context.Unhandled(message);
                break;
        }

        return ValueTask.CompletedTask;
    }

    private void Begin(UsesMessage.Begin begin)
    {
        var use = begin.Delivery.Use;
        var key = $"{begin.Delivery.HandOff}-{use.Name}";
        var self = Context.Self;
        var actor = Context.Spawn(
            use.Start is { } settings
                ? Props<UseMessage>.Of(() => new ProgramUse(key, settings, self))
                : Props<UseMessage>.Of(() => new HoldUse(key, self)),
            key);
        _running[key] = new Running(begin.Delivery.HandOff, use.Name, actor, begin.Owner);
        Context.WatchWith(actor, new UsesMessage.Gone(key));
        actor.Tell(new UseMessage.Begin(begin.Delivery.Move()));
    }

    private sealed record Running(Id16 HandOff, Name Use, ActorRef<UseMessage> Actor, ActorRef<HandOffMessage> Owner)
    {
        public UseEnd? How { get; set; }
    }
}
