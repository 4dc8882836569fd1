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
            case UsesMessage.Begin { Replaces: var replaces } begin when replaces != default:
                Replace(begin);
                break;
            case UsesMessage.Begin begin:
                Begin(begin);
                break;
            case UsesMessage.End end:
                foreach (var running in _running.Values.Where(r => r.HandOff == end.HandOff || r.Next?.HandOff == end.HandOff))
                    running.Actor.Tell(new UseMessage.End());
                break;
            case UsesMessage.Replaced replaced when _running.TryGetValue(replaced.Key, out var running):
                running.Owner.Tell(new HandOffMessage.UseEnded(running.Use, UseEnd.Replaced));
                running.GoOn();
                break;
            case UsesMessage.NotReplaced replaced when _running.TryGetValue(replaced.Key, out var running):
                running.Next?.Owner.Tell(new HandOffMessage.UseEnded(running.Use, replaced.How));
                running.Next = null;
                break;
            case UsesMessage.Ended ended when _running.TryGetValue(ended.Key, out var running):
                running.How = ended.How;
                break;
            case UsesMessage.Gone gone when _running.Remove(gone.Key, out var running):
                running.Owner.Tell(new HandOffMessage.UseEnded(running.Use, running.How ?? UseEnd.Failed));
                running.Next?.Owner.Tell(new HandOffMessage.UseEnded(
                    running.Use, running.How == UseEnd.Released ? UseEnd.Released : UseEnd.NotHeld));
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

    // The use goes on and its hand-off changes: what runs is not another use, and its place is the same.
    private void Replace(UsesMessage.Begin begin)
    {
        var use = begin.Delivery.Use.Name;
        if (_running.Values.FirstOrDefault(r => r.HandOff == begin.Replaces && r.Use == use) is not { Next: null } running)
        {
            begin.Delivery.Dispose();
            begin.Owner.Tell(new HandOffMessage.UseEnded(use, UseEnd.NotHeld));
            return;
        }

        running.Next = (begin.Delivery.HandOff, begin.Owner);
        running.Actor.Tell(new UseMessage.Replace(begin.Delivery.Move()));
    }

    private sealed class Running(Id16 handOff, Name use, ActorRef<UseMessage> actor, ActorRef<HandOffMessage> owner)
    {
        public Id16 HandOff { get; private set; } = handOff;

        public Name Use => use;

        public ActorRef<UseMessage> Actor => actor;

        public ActorRef<HandOffMessage> Owner { get; private set; } = owner;

        public UseEnd? How { get; set; }

        /// <summary>What is to take its place.</summary>
        public (Id16 HandOff, ActorRef<HandOffMessage> Owner)? Next { get; set; }

        public void GoOn()
        {
            if (Next is { } next)
                (HandOff, Owner, Next) = (next.HandOff, next.Owner, null);
        }
    }
}
