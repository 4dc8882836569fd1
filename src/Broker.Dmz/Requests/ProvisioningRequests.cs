using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;

namespace Broker.Dmz.Requests;

/// <summary>What <c>/requests</c> understands.</summary>
internal abstract record RequestsMessage
{
    private RequestsMessage()
    {
    }

    /// <summary>Begin a launch, or join the one that is under way.</summary>
    public sealed record Start(CustomerRefs Refs, LaunchOrder Order, ReplyTo<Result<LaunchWaiters>> ReplyTo)
        : RequestsMessage;

    /// <summary>A launch has ended.</summary>
    public sealed record Gone(Id16 HandOff) : RequestsMessage;
}

/// <summary>Supervises the launches of this node. One that fails is stopped: its hand-off is settled from the journal.</summary>
internal sealed class ProvisioningRequests(DmzContext node, int capacity) : Actor<RequestsMessage>
{
    private readonly Dictionary<Id16, LaunchWaiters> _launches = [];

    protected override SupervisorStrategy SupervisorStrategy => SupervisorStrategy.Stopping;

    protected override ValueTask Receive(RequestsMessage message)
    {
        switch (message)
        {
            case RequestsMessage.Start m:
                m.ReplyTo.Tell(Start(m));
                break;
            case RequestsMessage.Gone m:
                _launches.Remove(m.HandOff);
                break;
            default:
                Context.Unhandled(message);
                break;
        }

        return ValueTask.CompletedTask;
    }

    private Result<LaunchWaiters> Start(RequestsMessage.Start message)
    {
        var handOff = message.Order.HandOff;
        if (_launches.TryGetValue(handOff, out var waiters))
        {
            return waiters;
        }

        if (_launches.Count >= capacity)
        {
            return new Refused(Codes.Busy, "this node has as many launches in flight as it may; try again");
        }

        waiters = _launches[handOff] = new LaunchWaiters();
        var launch = Context.Spawn(
            Props<ProvisioningMessage>.Of(() => new ProvisioningRequest(node, message.Order, message.Refs, waiters)),
            handOff.ToString());
        Context.WatchWith(launch, new RequestsMessage.Gone(handOff));
        return waiters;
    }
}
