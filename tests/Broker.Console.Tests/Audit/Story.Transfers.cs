using Broker.Links.Identity;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;
using Broker.Secrets;

namespace Broker.Console.Tests.Audit;

/// <content>Transfers of the customer's secret to a start of node dmz-2.</content>
internal sealed partial class Story
{
    private static readonly Digest Holder = Digest.Of([1]);
    private static readonly Digest Binary = Digest.Of([2]);

    /// <summary>What a transfer is made of, to be bent.</summary>
    public sealed record Transferring
    {
        public string Kind { get; init; } = AdmissionKind.Auto;

        public Func<TransferIntent, TransferIntent> Intent { get; init; } = static i => i;

        public Func<TransferRequest, TransferRequest> Request { get; init; } = static r => r;

        public Func<Incarnation, Incarnation> Incarnation { get; init; } = static i => i;

        public Func<DrainTicket, DrainTicket> Ticket { get; init; } = static t => t;

        public Func<NodeAdmission, NodeAdmission> Statement { get; init; } = static s => s;

        public Func<Admission, Admission> Admission { get; init; } = static a => a;

        /// <summary>Signs the intent instead of the customer's identity.</summary>
        public CustomerSecret? IntentBy { get; init; }

        /// <summary>Signs the ticket instead of the customer's identity.</summary>
        public CustomerSecret? TicketBy { get; init; }

        public bool RequestByAnother { get; init; }

        public bool TicketKeyOfAnother { get; init; }

        /// <summary>Signs the incarnation; else a certificate of dmz-2.</summary>
        public InstallationKey? Node { get; init; }

        public ulong? Fence { get; init; }

        public bool TwoEpochs { get; init; }
    }

    public Story AndTransferred(Transferring? how = null)
    {
        Blocks.Add(Transfer(how ?? new Transferring()));
        return this;
    }

    public (string Kind, byte[] Body) Transfer(Transferring how)
    {
        var (own, stranger) = (Pair(), Pair());
        var node = how.Node ?? Installation.Issue(LinkRole.Dmz, "dmz-2");
        _owned.Add(node);
        Name two = Name.Parse("dmz-2"), one = Name.Parse("dmz-1");
        var start = how.Incarnation(new Incarnation(Installation.Cluster, two, PublicKey.Parse(own.PublicKey), Binary, Time)).Encode();
        var incarnation = new Signed(start, node.Sign(start));
        var fingerprint = PublicKey.Parse(own.PublicKey).Fingerprint;
        var ticket = Pair();
        var admission = how.Kind switch
        {
            AdmissionKind.Ticket => Admission.Of(
                how.Ticket(new DrainTicket(
                    Installation.Cluster, Customer, two, Digest.Of([3]), one, Holder, PublicKey.Parse(ticket.PublicKey),
                    Time.AddMinutes(4))),
                default),
            AdmissionKind.Statement => new Admission(
                AdmissionKind.Statement,
                how.Statement(new NodeAdmission(Installation.Cluster, two, fingerprint, Binary, Time.AddHours(1))).Encode(),
                [new AdmissionSignature(Name.Parse("pia"), new byte[64]), new AdmissionSignature(Name.Parse("quinn"), new byte[64])]),
            _ => Admission.Auto,
        };
        if (how.Kind == AdmissionKind.Ticket)
        {
            var by = (how.TicketBy ?? Newest).Sign(Broker.Protocol.Statements.Statement.Read<DrainTicket>(admission.Statement.Span));
            admission = admission with { Signatures = [new AdmissionSignature(one, by.Signature)] };
        }

        var request = how.Request(new TransferRequest(
            Installation.Cluster, Customer, Newest.Epoch, two, fingerprint, Holder, admission.Hash(), Digest.Of([9]),
            Time.AddMinutes(1))).Encode();
        admission = how.Admission(admission);
        var asked = new Signed(request, Sign(how.RequestByAnother ? stranger : own, request));
        var byTicket = how.Kind == AdmissionKind.Ticket ? Sign(how.TicketKeyOfAnother ? stranger : ticket, request) : [];
        var intent = how.Intent(new TransferIntent(
            Installation.Cluster, Customer, how.TwoEpochs ? [Newest.Epoch - 1, Newest.Epoch] : [Newest.Epoch], asked.Hash, how.Kind, one,
            Holder, two, fingerprint, how.Fence ?? Fence, Generation));
        return (BlockKind.Transfer, new TransferRecord(
            (how.IntentBy ?? Newest).Sign(intent), asked, byTicket, admission.Encode(), incarnation, [.. node.ChainDer]).Encode());
    }

    private P256PrivateKey Pair()
    {
        var pair = P256PrivateKey.Generate(SystemRandom.Fill);
        _owned.Add(pair);
        return pair;
    }

    private static byte[] Sign(P256PrivateKey key, byte[] statement)
    {
        var signature = new byte[PublicKey.SignatureLength];
        key.Sign(statement, signature);
        return signature;
    }
}
