using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Ledger;
using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Operations;

/// <summary>A release.</summary>
/// <param name="Customer">The customer.</param>
/// <param name="Fence">The caller's fence.</param>
/// <param name="Request">The signed launch request, or a promotion.</param>
/// <param name="HandOff">The hand-off that follows from it.</param>
/// <param name="Attempt">The attempt, from 1.</param>
/// <param name="ExpectedCounter">Counter of the head that the key actor holds for true.</param>
internal sealed record ReleaseCall(
    Name Customer, ulong Fence, SignedRequest Request, Id16 HandOff, uint Attempt, ulong ExpectedCounter)
{
    /// <summary>For a promotion: the encoding of the <see cref="HolderLaunch"/> that follows from it; else empty.</summary>
    public ReadOnlyMemory<byte> Launch { get; init; }
}

/// <summary>What a release returns.</summary>
internal abstract record ReleaseResult
{
    private ReleaseResult()
    {
    }

    /// <summary>Rows leave the zone; the intent is in the ledger.</summary>
    /// <param name="Receipt">The receipt of the intent's block.</param>
    /// <param name="Head">The customer's head.</param>
    /// <param name="Entries">Credentials, rows, policies, the grant, users, all with proofs under the head.</param>
    /// <param name="Again">Whether the hand-off was released before.</param>
    /// <param name="Ledger">The end of the customer's chain after it.</param>
    public sealed record Released(
        Receipt Receipt, Signed Head, IReadOnlyList<ProvenEntry> Entries, bool Again, LedgerPoint Ledger) : ReleaseResult;

    /// <summary>The hand-off has ended before: nothing leaves again.</summary>
    /// <param name="HandOff">How it ended.</param>
    public sealed record Ended(HandOffRecord HandOff) : ReleaseResult;
}

/// <summary>
/// The only operation that returns a row, and it does so in the transaction that records the intent (I6). The zone checks what
/// bounds a stolen key owner: fence, lock, head, repetition, rate, what is open. Who asked and what the policies say is decided at
/// the key.
/// </summary>
internal sealed class ReleaseRows : StoreOperation<ReleaseResult>
{
    private readonly ReleaseCall _call;
    private readonly Request? _request;
    private readonly LaunchOrder? _order;
    private readonly Digest _hash;
    private readonly byte[] _encoded;
    private PendingBlock? _block;
    private Signed? _head;
    private IReadOnlyList<ProvenEntry> _entries = [];
    private bool _again;
    private LedgerPoint _point;
    private HandOffRecord? _ended;

    /// <summary>Reads the request, on the caller's thread.</summary>
    public ReleaseRows(ReleaseCall call)
    {
        _call = call;
        _request = ReleaseReading.Request(call.Request);
        _order = ReleaseReading.Order(call);
        _hash = call.Request.Hash;
        _encoded = call.Request.Encode();
    }

    /// <inheritdoc/>
    public override Name? Customer => _call.Customer;

    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context)
    {
        (_again, _ended) = (false, null);
        if (_request is null || _order is null)
        {
            return new(RequestRefusal.Malformed, "the request is neither a launch nor a promotion with the launch that follows from it");
        }

        return Guard.UnlessOwner(context, _call.Customer, _call.Fence, out var customer) ??
            ReleaseReading.CheckRequest(context, _call, _request, _order) ??
            (_order.Promotion is null ? Journal(context, customer, _request, _order) : HandOver(context, customer, _order));
    }

    /// <inheritdoc/>
    protected override ReleaseResult Finish() => _ended is not null
        ? new ReleaseResult.Ended(_ended)
        : new ReleaseResult.Released(_block!.Receipt, _head!, _entries, _again, _point);

    // A promotion was remembered when it was committed, and has a hand-off for each holder: what bounds them is its order under the head.
    private StoreRefusal? HandOver(WriteContext context, CustomerRecord customer, LaunchOrder order) =>
        context.Tables.HandOff(customer.Customer, _call.HandOff) is { } before
            ? Again(context, customer, order, before)
            : _call.Attempt != 1
                ? WrongAttempt(0)
                : Release(context, customer, order, null) ?? AddHandOff(context, customer, order);

    private StoreRefusal? Journal(WriteContext context, CustomerRecord customer, Request request, LaunchOrder order)
    {
        var tables = context.Tables;
        var remembered = new IdempotencyRecord(_hash, _call.HandOff, 0, Guard.ForgetAfter(context.Now, request));
        if (tables.TryAddIdempotency(customer.Customer, request.User, request.IdempotencyKey, remembered, context.Now))
        {
            return _call.Attempt != 1
                ? WrongAttempt(0)
                : Release(context, customer, order, null) ?? AddHandOff(context, customer, order);
        }

        var known = tables.Idempotency(customer.Customer, request.User, request.IdempotencyKey)!;
        if (known.Body != _hash)
        {
            return new(RefusalCode.IdempotencyConflict, "the idempotency key was used for another request; make a new one");
        }

        var before = tables.HandOff(customer.Customer, _call.HandOff);
        if (before is null && known.HandOff == _call.HandOff)
        {
            throw JournalCheck.Altered(customer.Customer, "a hand-off was released and is not in the journal");
        }

        return before is null
            ? new(RefusalCode.WrongHandOff, "the request was committed for something else than this hand-off")
            : Again(context, customer, order, before);
    }

    private StoreRefusal? Again(WriteContext context, CustomerRecord customer, LaunchOrder order, HandOffRecord before)
    {
        var tables = context.Tables;
        if (before.Intent < tables.Chain(customer.Customer.Value).Length)
        {
            // Released before this batch.
            JournalCheck.Entry(tables, customer.Customer, before);
        }

        if (HandOffState.EndsHandOff(before.State))
        {
            _ended = before;
            return null;
        }

        if (_call.Attempt != before.Attempt && _call.Attempt != before.Attempt + 1)
        {
            return WrongAttempt(before.Attempt);
        }

        _again = true;
        if (Release(context, customer, order, before) is { } refusal)
        {
            return refusal;
        }

        tables.UpdateHandOff(customer.Customer, before with { Attempt = _call.Attempt, Updated = context.Now });
        return null;
    }

    private StoreRefusal? Release(WriteContext context, CustomerRecord customer, LaunchOrder order, HandOffRecord? before)
    {
        var minute = Math.Max(customer.RateMinute, context.Now.ToUnixTimeSeconds() / 60);
        var count = minute == customer.RateMinute ? customer.RateCount : 0;
        var refusal = Guard.IfLocked(customer) ?? Guard.IfBehind(customer, _call.ExpectedCounter) ?? 0 switch
        {
            _ when context.IsNearlyFull => Guard.StoreFull,
            _ when count >= context.Limits.ReleasesPerMinute =>
                new(RefusalCode.RateExceeded, "the customer's releases of this minute are used up; try again in the next one"),
            _ when before is null &&
                (customer.OpenHandOffs >= context.Limits.OpenHandOffs || customer.OpenUses >= context.Limits.OpenUses) =>
                new(RefusalCode.TooManyOpen, "too many hand-offs or uses of the customer are open; wait for outcomes"),
            _ => ReleaseReading.Entries(context, customer, order, out _entries),
        };
        if (refusal is not null)
        {
            return refusal;
        }

        var intent = new Intent(
            _hash, _call.HandOff, _call.Attempt, customer.Fence, customer.LockGeneration, customer.Head.Counter,
            ReleaseReading.Leaves(_entries));
        var record = new IntentRecord(intent.Encode(), _encoded) { Launch = order.Derived };
        _block = context.Append(customer.Customer.Value, BlockKind.Intent, record.Encode());
        _point = context.Point(customer.Customer.Value);
        _head = customer.SignedHead;
        context.Put(customer with
        {
            RateMinute = minute,
            RateCount = count + 1,
            OpenHandOffs = before is null ? customer.OpenHandOffs + 1 : customer.OpenHandOffs,
        });
        return null;
    }

    private StoreRefusal? AddHandOff(WriteContext context, CustomerRecord customer, LaunchOrder order)
    {
        var record = new HandOffRecord(
            _call.HandOff, order.Launch.Agent, _hash, _call.Attempt, HandOffState.Released, "", "", _block!.Position, context.Now,
            context.Now);
        return context.Tables.TryAddHandOff(customer.Customer, record)
            ? null
            : throw JournalCheck.Altered(customer.Customer, "a hand-off is in the journal, and its request is not remembered");
    }

    private static StoreRefusal WrongAttempt(uint known) =>
        new(RefusalCode.WrongAttempt, $"the hand-off stands at attempt {known}; the next one follows only after a bar");
}
