using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Operations;

/// <summary>A holder takes the customer: the fence rises by one. While a lock stands only a claim that lifts it is accepted.</summary>
/// <param name="claim">The signed <see cref="Claim"/>.</param>
/// <param name="lift">The administrator's signed request that lifts the lock, or null.</param>
/// <param name="restored">What those who hold custody accepted, where freshness was not proven; or null.</param>
internal sealed class ClaimCustomer(Signed claim, SignedRequest? lift, RestoredRecord? restored = null) : StoreOperation<CustomerState>
{
    private CustomerState? _state;

    /// <inheritdoc/>
    public override IEnumerable<string> Locks(WriteContext context)
    {
        try
        {
            return [claim.Read<Claim>().Customer.Value];
        }
        catch (MalformedException)
        {
            // The run refuses it.
            return [];
        }
    }

    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context)
    {
        Claim claimed;
        Restoration? restoration;
        CustomerHead? next;
        try
        {
            claimed = claim.Read<Claim>();
            (restoration, next) = (restored?.Restoration.Read<Restoration>(), restored?.Head.Read<CustomerHead>());
        }
        catch (MalformedException malformed)
        {
            return new(RefusalCode.Malformed, malformed.Message);
        }

        if (context.Find(claimed.Customer) is not { } customer)
        {
            return Guard.UnknownCustomer;
        }

        var refusal = 0 switch
        {
            _ when claimed.Cluster != context.Cluster || claimed.Epoch != customer.Custody.Epoch => Guard.Misaddressed("claim"),
            _ when !claim.IsBy(customer.Custody.Identity) => Guard.BadSignature("claim"),
            _ => CheckRestored(context, customer, restoration, next) ?? CheckFence(customer, claimed, restoration) ??
                CheckLift(context, customer, claimed),
        };
        if (refusal is not null)
        {
            return refusal;
        }

        if (restored is not null)
        {
            customer = customer with { SignedHead = restored.Head, Head = next! };
            context.Append(customer.Customer.Value, BlockKind.Restored, restored.Encode());
        }

        customer = customer with
        {
            Fence = claimed.Fence,
            OwnerNode = claimed.Node,
            OwnerIncarnation = claimed.Incarnation,
            LiftedGeneration = claimed.LiftedGeneration,
        };
        context.Put(customer);
        context.Append(customer.Customer.Value, BlockKind.Claim, new SignedRecord(claim).Encode());
        if (lift is not null)
        {
            context.Append(customer.Customer.Value, BlockKind.Lock, lift.Encode());
        }

        _state = new CustomerState(customer, context.Point(customer.Customer.Value));
        return null;
    }

    /// <inheritdoc/>
    protected override CustomerState Finish() => _state!;

    private static StoreRefusal? CheckFence(CustomerRecord customer, Claim claimed, Restoration? restoration) =>
        claimed.Fence == (restoration?.NextFence(customer.Fence) ?? customer.Fence + 1)
            ? null
            : new(RefusalCode.StaleFence, $"the customer's fence is {customer.Fence}; read it again");

    // It names the head that stands, so that it is taken once.
    private StoreRefusal? CheckRestored(WriteContext context, CustomerRecord customer, Restoration? restoration, CustomerHead? next)
    {
        if (restoration is null || next is null)
        {
            return null;
        }

        var end = context.Point(customer.Customer.Value);
        return 0 switch
        {
            _ when restoration.Cluster != context.Cluster || restoration.Customer != customer.Customer ||
                restoration.Epoch != customer.Custody.Epoch => Guard.Misaddressed("restoration"),
            _ when !restored!.Restoration.IsBy(customer.Custody.Identity) || !restored.Head.IsBy(customer.Custody.Identity) =>
                Guard.BadSignature("restoration or head"),
            _ when restoration.AcceptedCounter != customer.Head.Counter || restoration.AcceptedRoot != customer.Head.Root ||
                Math.Max(restoration.SeenCounter, restoration.SeenFence) > long.MaxValue / 2 || !restoration.IsFollowedBy(next) ||
                next.LedgerPosition > end.Length || (next.LedgerPosition == end.Length && next.LedgerHash != end.Hash) =>
                new(RefusalCode.WrongHead, "the restoration is not of the customer's head, or another head follows it"),
            _ => null,
        };
    }

    private StoreRefusal? CheckLift(WriteContext context, CustomerRecord customer, Claim claimed)
    {
        if (!customer.IsLocked || lift is null)
        {
            return 0 switch
            {
                _ when customer.IsLocked => Guard.IfLocked(customer),
                _ when lift is not null || claimed.LiftedGeneration != customer.LiftedGeneration =>
                    new(RefusalCode.WrongLift, "no lock stands that this claim could lift"),
                _ => null,
            };
        }

        var verified = UserRequests.Verify(context, customer, lift, UserAction.LiftLock);
        if (verified.Refusal is { } code)
        {
            return new(code, "the request that lifts the lock is not believed");
        }

        var named = UserRequests.Payload<LockPayload>(lift)?.Generation;
        return named == customer.LockGeneration && claimed.LiftedGeneration == customer.LockGeneration
            ? null
            : new(RefusalCode.WrongLift, $"lock generation {customer.LockGeneration} stands; request and claim must both name it");
    }
}
