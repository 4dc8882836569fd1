using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;

namespace Broker.CredentialZone.Operations;

/// <summary>
/// Raises the lock generation at a user's signed request, also when nobody owns the customer: from this commit no release
/// succeeds. The same request again answers what it did the first time, so an old one cannot lock a second time.
/// </summary>
/// <param name="customerName">The customer.</param>
/// <param name="signed">The signed request.</param>
internal sealed class RaiseLock(Name customerName, SignedRequest signed) : StoreOperation<ulong>
{
    private ulong _generation;

    /// <inheritdoc/>
    public override Name? Customer => customerName;

    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context)
    {
        if (context.Find(customerName) is not { } customer)
        {
            return Guard.UnknownCustomer;
        }

        var verified = UserRequests.Verify(context, customer, signed, UserAction.Lock);
        if (verified.Request is not { } request)
        {
            return new(verified.Refusal!, "the request to lock is not believed");
        }

        if (UserRequests.Payload<LockPayload>(signed) is not { Generation: 0 })
        {
            return new(RefusalCode.Malformed, "a request to lock names generation 0");
        }

        _generation = customer.LockGeneration + 1;
        var record = new IdempotencyRecord(signed.Hash, default, _generation, Guard.ForgetAfter(context.Now, request));
        if (!context.Tables.TryAddIdempotency(customerName, request.User, request.IdempotencyKey, record, context.Now))
        {
            var known = context.Tables.Idempotency(customerName, request.User, request.IdempotencyKey)!;
            _generation = known.Result;
            return known.Body == signed.Hash
                ? null
                : new(RefusalCode.IdempotencyConflict, "the idempotency key was used for another request; make a new one");
        }

        context.Put(customer with { LockGeneration = _generation });
        context.Append(customerName.Value, BlockKind.Lock, signed.Encode());
        return null;
    }

    /// <inheritdoc/>
    protected override ulong Finish() => _generation;
}
