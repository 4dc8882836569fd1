using Broker.Links.Identity;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;

namespace Broker.Console.Audit;

/// <summary>Transfers: each stands in the chain with all that the holder decided by, and all of it is decided here again.</summary>
internal sealed partial class CustomerAudit
{
    private readonly HashSet<Digest> _transfers = [];
    private PublicKey? _identityBefore;

    /// <summary>Nodes that people admitted, whose keys no chain enters.</summary>
    public int AdmittedByPeople { get; private set; }

    private void Transferred(Block block, TransferRecord record)
    {
        if (!record.Intent.IsBy(_identity))
            throw Fail("transfer-forged", "the transfer is not signed by the customer's identity");
        var intent = record.Intent.Read<TransferIntent>();
        var oldest = (long)_epoch - intent.Epochs.Count + 1;
        if (intent.Cluster != _custody.Cluster || intent.Customer != _custody.Customer ||
            intent.Epochs.Index().Any(e => e.Item != oldest + e.Index))
        {
            throw Fail("transfer-of-another", "the transfer is of another customer, or of epochs that are over");
        }

        if (intent.Fence != _fence)
            throw Fail("fence-stale", $"the secret went over under fence {intent.Fence}, the customer's was {_fence}");
        if (_generation > _lifted || intent.LockGeneration != _generation)
            throw Fail("intent-while-locked", "the secret went over while a lock stood, or under another lock generation");
        var request = AskedFor(record, intent);
        var incarnation = Incarnation(block, record, intent);
        if (!record.Request.IsBy(incarnation.Key))
            throw Fail("transfer-unproven", "the request for the secret is not signed by the node's start that it names");
        Admitted(block, record, intent, request, incarnation);
    }

    private TransferRequest AskedFor(TransferRecord record, TransferIntent intent)
    {
        var request = record.Request.Read<TransferRequest>();
        if (record.Request.Hash != intent.Request || request.Cluster != _custody.Cluster || request.Customer != _custody.Customer ||
            request.Epoch != _epoch || request.Node != intent.Node || request.Incarnation != intent.Incarnation ||
            request.Holder != intent.Holder)
        {
            throw Fail("transfer-unproven", "the request for the secret is not the one that the transfer answers");
        }

        return _transfers.Add(intent.Request)
            ? request
            : throw Fail("transfer-repeated", "a request for the secret was answered before");
    }

    private Incarnation Incarnation(Block block, TransferRecord record, TransferIntent intent)
    {
        var incarnation = record.Incarnation.Read<Incarnation>();
        return incarnation.Cluster == _custody.Cluster && incarnation.Node == intent.Node &&
            incarnation.Key.Fingerprint == intent.Incarnation &&
            SignedByCertificate.TryVerify(
                record.Incarnation, record.Certificates, _keys.Trust, LinkRole.Dmz, block.Time, out var node, out _) &&
            node.Name == intent.Node
            ? incarnation
            : throw Fail("transfer-unproven", "no node's certificate of this installation signed the start that got the secret");
    }

    private void Admitted(
        Block block, TransferRecord record, TransferIntent intent, TransferRequest request, Incarnation incarnation)
    {
        var admission = Statement.Read<Admission>(record.Admission.Span);
        if (Digest.Of(record.Admission.Span) != request.Admission || admission.Kind != intent.AdmissionKind)
            throw Fail("transfer-unproven", "the admission is another than the one that was asked with, or that the transfer names");
        switch (admission.Kind)
        {
            case AdmissionKind.Auto when admission.Statement.IsEmpty && admission.Signatures.Count == 0:
                break;
            case AdmissionKind.Ticket:
                AdmittedBy(Statement.Read<DrainTicket>(admission.Statement.Span), block, record, intent, admission);
                break;
            case AdmissionKind.Statement:
                AdmittedBy(Statement.Read<NodeAdmission>(admission.Statement.Span), block, incarnation);
                break;
            default:
                throw Fail("transfer-unproven", "no such admission is known");
        }
    }

    // A ticket that was drawn before a rotation is signed by the identity of then.
    private void AdmittedBy(DrainTicket ticket, Block block, TransferRecord record, TransferIntent intent, Admission admission)
    {
        if (ticket.Cluster != _custody.Cluster || ticket.Customer != _custody.Customer || ticket.Node != intent.Node ||
            ticket.HolderNode != intent.HolderNode || ticket.Holder != intent.Holder)
        {
            throw Fail("transfer-unproven", "the ticket is for another customer, node or holder");
        }

        InTime(ticket.NotAfter, block);
        if (admission.Signatures is not [var signature] || !(IsBy(_identity) || (_identityBefore is { } old && IsBy(old))) ||
            !ticket.Key.Verify(record.Request.Statement.Span, record.TicketSignature.Span))
        {
            throw Fail("transfer-unproven", "the ticket is not signed by the customer's identity, or the request not by the ticket's key");
        }

        bool IsBy(PublicKey key) => key.Verify(admission.Statement.Span, signature.Value.Span);
    }

    private void AdmittedBy(NodeAdmission named, Block block, Incarnation incarnation)
    {
        if (named.Cluster != _custody.Cluster || named.Node != incarnation.Node ||
            named.Incarnation != incarnation.Key.Fingerprint || named.Binary != incarnation.Binary)
        {
            throw Fail("transfer-unproven", "people admitted another start, or another binary, than the one that got the secret");
        }

        InTime(named.NotAfter, block);
        AdmittedByPeople++;
    }

    private void InTime(DateTimeOffset notAfter, Block block)
    {
        if (block.Time - notAfter > AuditDirectory.Late)
            throw Fail("transfer-unproven", "the admission's time was over");
    }
}
