using Broker.Actors;

namespace Broker.Agent.Uses;

/// <summary>Keeps credentials in locked memory until the time is over or the use is ended.</summary>
internal sealed class HoldUse(string key, ActorRef<UsesMessage> uses) : Actor<UseMessage>
{
    private static readonly object HoldTimer = new();

    private UseDelivery? _held;

    protected override ValueTask Receive(UseMessage message)
    {
        switch (message)
        {
            case UseMessage.Begin begin:
                _held = begin.Delivery.Move();
                Context.StartTimer(HoldTimer, new UseMessage.HoldOver(), _held.Use.HoldFor);
                break;
            case UseMessage.Replace replace:
                Replace(replace.Delivery.Move());
                break;
            case UseMessage.HoldOver:
                Finish(UseEnd.Expired);
                break;
            case UseMessage.End:
                Finish(UseEnd.Released);
                break;
            default:
                Context.Unhandled(message);
                break;
        }

        return ValueTask.CompletedTask;
    }

    protected override void Dispose(bool disposing)
    {
        _held?.Dispose();
        base.Dispose(disposing);
    }

    private void Replace(UseDelivery next)
    {
        // One in the mailbox behind the end comes too late, and is wiped with the actor.
        next.TakePlaceOf(_held!);
        _held!.Dispose();
        _held = next;
        Context.StartTimer(HoldTimer, new UseMessage.HoldOver(), _held.Use.HoldFor);
        uses.Tell(new UsesMessage.Replaced(key));
    }

    private void Finish(UseEnd how)
    {
        // Wiped before anyone hears of it.
        _held?.Dispose();
        uses.Tell(new UsesMessage.Ended(key, how));
        Context.StopSelf();
    }
}
