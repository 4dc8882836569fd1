using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Ledger;
using Broker.CredentialZone.Store;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Operations;

/// <summary>A commit of rows and directory entries under a new head.</summary>
/// <param name="Customer">The customer.</param>
/// <param name="Fence">The caller's fence.</param>
/// <param name="ExpectedCounter">Counter of the head that the new one follows.</param>
/// <param name="Head">The new head, signed.</param>
/// <param name="Changes">At most <see cref="ZoneLimits.MaxChanges"/>.</param>
/// <param name="Requests">The signed requests that caused it.</param>
/// <param name="RedeemsToken">Fingerprint of the enrolment token that it redeems, or null.</param>
internal sealed record ChangeSet(
    Name Customer,
    ulong Fence,
    ulong ExpectedCounter,
    Signed Head,
    IReadOnlyList<EntryChange> Changes,
    IReadOnlyList<SignedRequest> Requests,
    Digest? RedeemsToken);

/// <summary>
/// Rows, entries, leaves and head change together, where the fence is the caller's and the counter the expected one. Requests are
/// remembered, an enrolment token is redeemed, once, by the same transaction.
/// </summary>
internal sealed class CommitChange(ChangeSet change) : StoreOperation<CommitResult>
{
    private PendingBlock? _block;
    private LedgerPoint _point;
    private PublicKey? _verified;
    private Name? _formed;
    private CustomerRecord? _next;

    /// <inheritdoc/>
    public override Name? Customer => change.Customer;

    /// <inheritdoc/>
    public override bool IsSignedByCustomer => true;

    /// <inheritdoc/>
    public override void Verify(PublicKey identity)
    {
        if (change.Head.IsBy(identity) && EntryCheck.AreSigned(change.Changes, identity))
        {
            _verified = identity;
            LookAhead();
        }
    }

    // What hangs on the commit alone is done where nobody waits for it.
    private void LookAhead()
    {
        try
        {
            var cluster = change.Head.Read<CustomerHead>().Cluster;
            if (EntryCheck.Form(change.Changes, cluster, change.Customer) is null)
            {
                _formed = cluster;
            }
        }
        catch (MalformedException)
        {
            // It is refused for it where its turn comes.
            return;
        }

        foreach (var entry in change.Changes)
        {
            _ = (entry.LeafKey, entry.Value);
        }
    }

    /// <inheritdoc/>
    public override StoreRefusal? Run(WriteContext context)
    {
        try
        {
            return Guard.UnlessOwner(context, change.Customer, change.Fence, out var customer) ??
                Check(context, customer, change.Head.Read<CustomerHead>()) ?? Apply(context, customer);
        }
        catch (MalformedException malformed)
        {
            return new(RefusalCode.Malformed, malformed.Message);
        }
    }

    /// <inheritdoc/>
    protected override CommitResult Finish() => new(_point, _block!.Receipt);

    private StoreRefusal? Check(WriteContext context, CustomerRecord customer, CustomerHead head)
    {
        var refusal = Guard.IfLocked(customer) ?? (context.IsNearlyFull ? Guard.StoreFull : null) ??
            Guard.UnlessCounter(customer, change.ExpectedCounter) ?? CheckHead(context, customer, head, customer.Custody.Epoch) ??
            (_formed == context.Cluster ? null : EntryCheck.Form(change.Changes, context.Cluster, change.Customer)) ??
            RowRule.Check(context, customer, change.Changes);
        if (refusal is not null)
        {
            return refusal;
        }

        if (CustodyRule.Check(context, customer, change, out _next) is { } wrong)
        {
            return wrong;
        }

        if (!BringsRequests(change))
        {
            return new(RefusalCode.EntryMismatch, "a request is recorded that the commit does not bring");
        }

        var identity = customer.Custody.Identity;
        return identity.Equals(_verified) || (change.Head.IsBy(identity) && EntryCheck.AreSigned(change.Changes, identity))
            ? null
            : Guard.BadSignature("head or an entry");
    }

    // The key actor records under the head which requests it followed, so whoever carries the commit cannot leave one out.
    internal static bool BringsRequests(ChangeSet change)
    {
        HashSet<Digest> brought = [.. change.Requests.Select(r => r.Hash)];
        return change.Changes
            .Where(c => c.Key.Type == EntryKey.RequestType && c.Statement is not null)
            .All(c => brought.Contains(Statement.Read<RequestRecord>(c.Statement!.Value.Span).Request));
    }

    internal static StoreRefusal? CheckHead(WriteContext context, CustomerRecord customer, CustomerHead head, uint epoch)
    {
        if (head.Cluster != context.Cluster || head.Customer != customer.Customer || head.Epoch != epoch)
        {
            return Guard.Misaddressed("head");
        }

        var end = context.Point(customer.Customer.Value);
        return head.Counter != customer.Head.Counter + 1 || head.LedgerPosition > end.Length ||
            (head.LedgerPosition == end.Length && head.LedgerHash != end.Hash)
            ? new(RefusalCode.WrongHead, "the head does not follow the customer's head and ledger")
            : null;
    }

    private StoreRefusal? Apply(WriteContext context, CustomerRecord customer)
    {
        var causes = new List<ReadOnlyMemory<byte>>(change.Requests.Count);
        var bytes = 0;
        foreach (var request in change.Requests)
        {
            if (Remember(context, customer, request) is { } refusal)
            {
                return refusal;
            }

            var encoding = request.Encode();
            bytes += encoding.Length;
            if (bytes > ZoneLimits.MaxRequestBytes)
            {
                return new(RefusalCode.Malformed, $"the requests of a commit have more than {ZoneLimits.MaxRequestBytes} bytes");
            }

            causes.Add(encoding);
        }

        if (change.RedeemsToken is { } token && Redeem(context, customer, token) is { } closed)
        {
            return closed;
        }

        var head = change.Head.Read<CustomerHead>();
        if (EntryWriting.Apply(context, change.Customer, change.Changes, head.Root, customer.Head.Root) is { } mismatch)
        {
            return mismatch;
        }

        context.Put(_next! with { SignedHead = change.Head, Head = head });
        var kind = CustodyRule.EndsRotation(change) ? BlockKind.RotationEnded : BlockKind.Change;
        _block = context.Append(change.Customer.Value, kind, new ChangeRecord(causes, change.Head).Encode());
        _point = context.Point(change.Customer.Value);
        return null;
    }

    private StoreRefusal? Remember(WriteContext context, CustomerRecord customer, SignedRequest signed)
    {
        var request = Statement.Read<Request>(signed.Statement.Span);
        if (request.Cluster != context.Cluster || request.Customer != customer.Customer)
        {
            return Guard.Misaddressed("request");
        }

        // Who enrols by an invitation redeems its token in the same commit; two of them do not fit into one.
        if (request.Action == UserAction.InviteAgent.Name &&
            UserRequests.Payload<InviteAgentPayload>(signed)?.Token.Fingerprint != change.RedeemsToken)
        {
            return new(RefusalCode.InvitationNotOpen, "an enrolment redeems its own token, and one commit redeems one");
        }

        return Enter(context, customer, signed);
    }

    internal static StoreRefusal? Enter(WriteContext context, CustomerRecord customer, SignedRequest signed)
    {
        var request = Statement.Read<Request>(signed.Statement.Span);
        var record = new IdempotencyRecord(signed.Hash, default, customer.Head.Counter + 1, Guard.ForgetAfter(context.Now, request));
        if (context.Tables.TryAddIdempotency(customer.Customer, request.User, request.IdempotencyKey, record, context.Now))
        {
            return null;
        }

        var known = context.Tables.Idempotency(customer.Customer, request.User, request.IdempotencyKey)!;
        return known.Body == signed.Hash
            ? new(RefusalCode.AlreadyCommitted, $"the request was committed before, under head {known.Result}")
            : new(RefusalCode.IdempotencyConflict, "the idempotency key was used for another request; make a new one");
    }

    private static StoreRefusal? Redeem(WriteContext context, CustomerRecord customer, Digest token)
    {
        var invitation = context.Tables.Invitation(customer.Customer, token);
        if (invitation is null || !context.Tables.TryRedeem(customer.Customer, token, context.Now - RequestVerifier.ClockSkew))
        {
            return new(RefusalCode.InvitationNotOpen, "the invitation does not exist, is redeemed or expired; invite the agent again");
        }

        // A new enrolment begins a new life: what the one before did with its generation no longer counts.
        context.Tables.DeleteGeneration(customer.Customer, invitation.Agent);
        return null;
    }
}
