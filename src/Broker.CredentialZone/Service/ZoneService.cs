using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Writing;
using Broker.Links.Identity;
using Broker.Links.Zone;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.CredentialZone.Service;

/// <summary>Who this node is and what it believes in.</summary>
/// <param name="Trust">The installation's root.</param>
/// <param name="Node">This zone node.</param>
/// <param name="LedgerCertificate">DER of the certificate of the key that signs the ledger.</param>
/// <param name="Time">The clock.</param>
internal sealed record ZoneIdentity(LinkTrust Trust, Name Node, ReadOnlyMemory<byte> LedgerCertificate, TimeProvider Time);

/// <summary>
/// The zone's side of the link: each operation reads its message, hands an operation to the writer or a query to the store, and
/// answers. The endpoints let only nodes of role <c>dmz</c> reach it.
/// </summary>
internal sealed partial class ZoneService(ZoneIdentity identity, ICredentialStore store, ZoneWriter writer)
{
    public Task<ZoneAnswer<Wire.CommitReply>> Enrol(PeerIdentity peer, Wire.EnrolCustomerRequest request, CancellationToken _)
    {
        var plan = Wires.Signed(request.Plan, "plan");
        IReadOnlyList<ReadOnlyMemory<byte>> chain = [.. request.PlanCertificates.Select(static c => c.Memory)];
        if (!SignedByCertificate.TryVerify(
            plan, chain, identity.Trust, LinkRole.Console, identity.Time.GetUtcNow(), out var signer, out var refusal))
        {
            return Refused<Wire.CommitReply>(refusal.Code(), "the plan is not signed by a console certificate of this cluster");
        }

        if (!signer.MayEnrol)
        {
            return Refused<Wire.CommitReply>(RefusalCode.PlanRefused, "the console's certificate lacks the attribute enrol");
        }

        var claim = Wires.Signed(request.Claim, "claim");
        return IsBy(peer, claim)
            ? Commit(
                new EnrolCustomer(
                    plan, claim, Wires.Signed(request.Head, "head"), Wires.Signed(request.Custody, "custody record"),
                    Wires.Changes(request.Changes)),
                ToReply)
            : WrongNode<Wire.CommitReply>();
    }

    public Task<ZoneAnswer<Wire.CustomerState>> Claim(PeerIdentity peer, Wire.ClaimRequest request, CancellationToken _)
    {
        var claim = Wires.Signed(request.Claim, "claim");
        var lift = request.LiftRequest.IsEmpty ? null : Wires.Request(request.LiftRequest);
        var restored = request.Restored.IsEmpty ? null : Statement.Read<RestoredRecord>(request.Restored.Span);
        return IsBy(peer, claim) ? Commit(new ClaimCustomer(claim, lift, restored), Wires.To) : WrongNode<Wire.CustomerState>();
    }

    public Task<ZoneAnswer<Wire.CommitReply>> Commit(PeerIdentity _, Wire.CommitRequest request, CancellationToken __)
    {
        var change = new ChangeSet(
            Name.Parse(request.Customer),
            request.Fence,
            request.ExpectedCounter,
            Wires.Signed(request.Head, "head"),
            Wires.Changes(request.Changes),
            [.. request.Requests.Select(Wires.Request)],
            request.RedeemsToken.IsEmpty ? null : new Digest(request.RedeemsToken.Span));
        return Commit(BeginEpoch.Is(change) ? new BeginEpoch(change) : (StoreOperation<CommitResult>)new CommitChange(change), ToReply);
    }

    public Task<ZoneAnswer<Wire.RotateRowsReply>> RotateRows(PeerIdentity _, Wire.RotateRowsRequest request, CancellationToken __) =>
        Commit(new RotateRows(Name.Parse(request.Customer), request.Fence, request.Skip, request.MaxRows), static result =>
        {
            var reply = new Wire.RotateRowsReply();
            if (result.Receipt is { } receipt)
            {
                reply.Receipt = UnsafeByteOperations.UnsafeWrap(receipt.Encode());
            }

            if (result.Head is { } head)
            {
                reply.Head = Wires.To(head);
                reply.Proof = UnsafeByteOperations.UnsafeWrap(result.Proof);
            }

            reply.Rows.AddRange(result.Rows.Select(Wires.To));
            return reply;
        });

    public Task<ZoneAnswer<Wire.ReleaseReply>> Release(PeerIdentity _, Wire.ReleaseRequest request, CancellationToken __)
    {
        var signed = Wires.Request(request.Request);
        var call = new ReleaseCall(
            Name.Parse(request.Customer), request.Fence, signed, new Id16(request.HandOff.Span), request.Attempt, request.ExpectedCounter)
        {
            Launch = request.Launch.Memory,
        };
        return Commit(new ReleaseRows(call), result => ToReply(result, request));
    }

    public Task<ZoneAnswer<Wire.AppendOutcomeReply>> AppendOutcome(
        PeerIdentity _, Wire.AppendOutcomeRequest request, CancellationToken __) => Commit(
            new AppendOutcomes(Name.Parse(request.Customer), request.Fence, Wires.Signed(request.Outcomes, "outcomes")),
            static point => new Wire.AppendOutcomeReply { LedgerPosition = point.Length, LedgerHash = Wires.Bytes(point.Hash) });

    public Task<ZoneAnswer<Wire.LockReply>> Lock(PeerIdentity _, Wire.LockRequest request, CancellationToken __) => Commit(
        new RaiseLock(Name.Parse(request.Customer), Wires.Request(request.Request)),
        static generation => new Wire.LockReply { Generation = generation });

    public Task<ZoneAnswer<Wire.InviteAgentReply>> InviteAgent(
        PeerIdentity _, Wire.InviteAgentRequest request, CancellationToken __) => Commit(
            new InviteAgent(Name.Parse(request.Customer), request.Fence, Wires.Request(request.Request)),
            static _ => new Wire.InviteAgentReply());

    public Task<ZoneAnswer<Wire.AdvanceGenerationReply>> AdvanceGeneration(
        PeerIdentity peer, Wire.AdvanceGenerationRequest request, CancellationToken _) => Commit(
            new AdvanceGeneration(
                Name.Parse(request.Customer), request.Fence, peer.Name, Name.Parse(request.Agent), new Id16(request.Boot.Span),
                request.Generation),
            static r => new Wire.AdvanceGenerationReply { Accepted = r.Accepted, Suspended = r.Suspended, Generation = r.Generation });

    public Task<ZoneAnswer<Wire.ReportRefusalReply>> ReportRefusal(
        PeerIdentity peer, Wire.ReportRefusalRequest request, CancellationToken _) => Commit(
            new ReportRefusal(
                peer.Name, request.Customer.Length == 0 ? null : Name.Parse(request.Customer), request.Principal, request.Action,
                request.Code),
            static _ => new Wire.ReportRefusalReply());

    public Task<ZoneAnswer<Wire.ReportCustodyReply>> ReportCustody(
        PeerIdentity peer, Wire.ReportCustodyRequest request, CancellationToken _) => Commit(
            new ReportCustody(peer.Name, Name.Parse(request.Customer), request.Principal, request.Event, request.Subject),
            static _ => new Wire.ReportCustodyReply());

    /// <summary>Records what a reading found altered. The refusal stands also where that is not possible.</summary>
    public async Task Alarm(AlteredException altered, string operation)
    {
        try
        {
            await writer.Commit(new ReportAltered(altered, operation));
        }
        catch (StoreException)
        {
            // The store has other troubles; its log has them.
        }
    }

    private static bool IsBy(PeerIdentity peer, Signed claim) => claim.Read<Claim>().Node == peer.Name;

    private static Wire.CommitReply ToReply(CommitResult result) => new()
    {
        LedgerPosition = result.Ledger.Length,
        LedgerHash = Wires.Bytes(result.Ledger.Hash),
        Receipt = UnsafeByteOperations.UnsafeWrap(result.Receipt.Encode()),
    };

    private static Wire.ReleaseReply ToReply(ReleaseResult result, Wire.ReleaseRequest request)
    {
        if (result is ReleaseResult.Ended ended)
        {
            return new Wire.ReleaseReply { Ended = Wires.To(ended.HandOff, request.Request.Memory, request.Launch.Memory) };
        }

        var released = (ReleaseResult.Released)result;
        var reply = new Wire.ReleaseReply
        {
            Receipt = UnsafeByteOperations.UnsafeWrap(released.Receipt.Encode()),
            Head = Wires.To(released.Head),
            ReReleased = released.Again,
            LedgerPosition = released.Ledger.Length,
            LedgerHash = Wires.Bytes(released.Ledger.Hash),
        };
        foreach (var entry in released.Entries)
        {
            reply.Entries.Add(Wires.To(entry));
        }

        return reply;
    }

    private static Task<ZoneAnswer<TReply>> WrongNode<TReply>()
        where TReply : class => Refused<TReply>(RefusalCode.WrongNode, "the claim names another node than the one that sent it");

    private static Task<ZoneAnswer<TReply>> Refused<TReply>(string code, string detail)
        where TReply : class => Task.FromResult<ZoneAnswer<TReply>>(ZoneRefusal.Refused(code, detail));

    private async Task<ZoneAnswer<TReply>> Commit<TResult, TReply>(StoreOperation<TResult> operation, Func<TResult, TReply> reply)
        where TReply : class
    {
        try
        {
            return await writer.Commit(operation) switch
            {
                StoreResult<TResult>.Done done => reply(done.Value),
                StoreResult<TResult>.Refused { Refusal: { Code: RefusalCode.Busy } busy } => ZoneRefusal.Busy(busy.Code, busy.Detail),
                StoreResult<TResult>.Refused { Refusal: var refusal } => ZoneRefusal.Refused(refusal.Code, refusal.Detail),
                _ => throw new InvalidOperationException("an operation ended in no known way"),
            };
        }
        catch (StoreFullException)
        {
            return ZoneRefusal.Busy(RefusalCode.StoreFull, "the zone's store is full; nothing was done");
        }
        catch (StoreException)
        {
            return ZoneRefusal.Busy("store-failed", "the zone's store failed; nothing was done");
        }
    }
}
