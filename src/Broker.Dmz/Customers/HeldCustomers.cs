using System.Collections.Concurrent;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Customers;

/// <summary>Who owns a customer by the zone's word, as it was when it was asked.</summary>
/// <param name="Node">The node.</param>
/// <param name="Incarnation">Its start.</param>
/// <param name="Fence">The fence that it claimed.</param>
internal sealed record CustomerOwner(Name Node, Digest Incarnation, ulong Fence);

/// <summary>How a customer stands on this node.</summary>
/// <param name="Customer">The customer.</param>
/// <param name="State">A constant of <see cref="KeyState"/>.</param>
/// <param name="Owner">Who owns it, where it is unlocked or held here; null where that is not known.</param>
/// <param name="Since">Timestamp of the node's clock since when it stands so.</param>
/// <param name="Overtaken">How often a peer overtook this node as its owner, unasked, in the last half hour.</param>
/// <param name="Failure">Code of the last unlock that failed; null where none has since one succeeded.</param>
internal sealed record HeldCustomer(
    Name Customer, string State, CustomerOwner? Owner, long Since, int Overtaken = 0, string? Failure = null)
{
    /// <summary>Whether this node holds the customer's secret and could own it, or does.</summary>
    public bool Holds => State is KeyState.Holding or KeyState.Unlocked or KeyState.Claiming;

    /// <summary>Whether this node is the one to answer for the customer, if only with a refusal.</summary>
    public bool IsServedHere => State is KeyState.Unlocked or KeyState.Claiming or KeyState.Enrolling or KeyState.LiftNeeded;
}

/// <summary>
/// How the customers stand on this node, as their key actors say. A hint for who routes, places and reports: the actor decides.
/// Thread-safe.
/// </summary>
internal sealed class HeldCustomers
{
    private readonly ConcurrentDictionary<Name, HeldCustomer> _held = new();

    /// <summary>Every customer with an actor here.</summary>
    public IEnumerable<HeldCustomer> All => _held.Values;

    public HeldCustomer? Find(Name customer) => _held.GetValueOrDefault(customer);

    public void Saw(HeldCustomer held) => _held[held.Customer] = held;

    public void Remove(Name customer) => _held.TryRemove(customer, out _);
}
