using System.Collections.Concurrent;
using Broker.Actors;
using Broker.Dmz.Node;
using Broker.Protocol.Identifiers;
using Microsoft.Extensions.Logging;

namespace Broker.Dmz.Customers;

/// <summary>The actors of one customer that others talk to.</summary>
internal sealed record CustomerRefs(Name Customer, ActorRef<CustomerKeyMessage> Key);

/// <summary>What <c>/customers</c> understands.</summary>
internal abstract record CustomersMessage
{
    private CustomersMessage()
    {
    }

    /// <summary>The actor of a customer; made when it is not there.</summary>
    /// <param name="Customer">The customer.</param>
    /// <param name="Exists">Whether the zone knows it: an unknown one can only be enrolled.</param>
    /// <param name="ReplyTo">Gets the refs, or busy.</param>
    public sealed record Get(Name Customer, bool Exists, ReplyTo<Result<CustomerRefs>> ReplyTo) : CustomersMessage;
}

/// <summary>Supervises the customers' key actors. A failing message never costs a key: children are resumed.</summary>
internal sealed class Customers(DmzContext node, ILogger log) : Actor<CustomersMessage>
{
    private const int KeyMailbox = 16_384;

    private readonly Dictionary<Name, CustomerRefs> _customers = [];

    protected override SupervisorStrategy SupervisorStrategy => CustomerKey.KeepState;

    protected override ValueTask Receive(CustomersMessage message)
    {
        if (message is CustomersMessage.Get get)
        {
            get.ReplyTo.Tell(Get(get));
        }
        else
        {
            Context.Unhandled(message);
        }

        return ValueTask.CompletedTask;
    }

    private Result<CustomerRefs> Get(CustomersMessage.Get message)
    {
        if (_customers.TryGetValue(message.Customer, out var refs))
        {
            return refs;
        }

        if (_customers.Count >= node.Limits.MaxCustomers)
        {
            return new Refused(Codes.Busy, "this node serves as many customers as it may; see broker.dmz.max-customers");
        }

        var key = Context.Spawn(
            Props<CustomerKeyMessage>.Of(() => new CustomerKey(node, message.Customer, message.Exists, log)).WithMailbox(KeyMailbox),
            message.Customer.Value);
        return _customers[message.Customer] = new CustomerRefs(message.Customer, key);
    }
}

/// <summary>Finds customers' actors without a message once they are known.</summary>
internal sealed class CustomerRegistry(ActorRef<CustomersMessage> customers)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<Name, CustomerRefs> _known = new();

    /// <summary>The actor of a customer.</summary>
    public async ValueTask<Result<CustomerRefs>> Find(Name customer, bool exists)
    {
        if (_known.TryGetValue(customer, out var refs))
        {
            return refs;
        }

        var result = await customers.Ask<Result<CustomerRefs>>(r => new CustomersMessage.Get(customer, exists, r), Timeout);
        if (result.Value is { } found)
        {
            _known[customer] = found;
        }

        return result;
    }

    /// <summary>The actors that were found before.</summary>
    public IReadOnlyList<CustomerRefs> All => [.. _known.Values];

    /// <summary>The actor of a customer that was found before; null otherwise.</summary>
    public CustomerRefs? Known(Name customer) => _known.GetValueOrDefault(customer);
}
