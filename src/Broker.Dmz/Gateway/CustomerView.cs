using Broker.Dmz.Customers;
using Broker.Dmz.Placement;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Gateway;

/// <summary>A customer's state for consoles: the key actor's word and the zone's.</summary>
internal static class CustomerView
{
    /// <summary>The state, with what the zone says now.</summary>
    public static async Task<Result<CustomerModel>> Of(
        GatewayContext gateway, Name customer, Result<KeyStatus> result, CancellationToken cancellation)
    {
        if (result.Value is not { } status)
        {
            return result.ToRefused();
        }

        var state = await gateway.State(customer, cancellation);
        var owner = status.State == KeyState.Locked
            ? await PeerHoldings.OwnedByPeer(gateway.Node, customer, state, cancellation)
            : null;
        return Of(customer, status, state, owner);
    }

    private static CustomerModel Of(Name customer, KeyStatus status, Wire.CustomerState? state, Name? owner)
    {
        var missing = status.State switch
        {
            KeyState.Locked when owner is { } there => $"nothing; node {there} has the customer unlocked",
            KeyState.Enrolling => $"{status.Given.Count} of {status.Needed} confirmations given",
            KeyState.Locked => Custody(state) is { } custody ? CustodyText.Missing(custody, 0) : status.Missing,
            KeyState.Unlocking => status.Missing,
            KeyState.Unlocked when status.Challenge is not null =>
                $"for the custody that was asked for: {status.Given.Count} of {status.Needed} confirmations given",
            KeyState.Receiving or KeyState.Holding => $"nothing; node {state?.OwnerNode} owns the customer",
            KeyState.Claiming => "this node's claim, which another node overtook",
            KeyState.LiftNeeded => $"an administrator's lift of lock generation {state?.LockGeneration}",
            _ => "",
        };
        return new CustomerModel(
            customer.Value, status.State, missing, status.LastFailure, status.Given, ToModel(state?.Custody), ToModel(state?.Head),
            state?.Fence ?? 0, state?.LockGeneration ?? 0, state?.LiftedGeneration ?? 0, status.Challenge,
            [.. (state?.Successions ?? []).Select(s => SignedModel.From(WireSigned.From(s)))], CustodyChangeCalls.Rotation(state));
    }

    private static SignedModel? ToModel(Wire.Signed? signed) => signed is null ? null : SignedModel.From(WireSigned.From(signed));

    private static CustodyRecord? Custody(Wire.CustomerState? state)
    {
        try
        {
            return state is null ? null : WireSigned.From(state.Custody).Read<CustodyRecord>();
        }
        catch (MalformedException)
        {
            return null;
        }
    }
}
