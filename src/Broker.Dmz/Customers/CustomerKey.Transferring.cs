using Broker.Dmz.Peers;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;
using Broker.Secrets;

namespace Broker.Dmz.Customers;

/// <summary>
/// The owner's half of a transfer: who asks is verified here, from signatures; the intent is in the ledger before anything is sealed;
/// what is sealed opens for one incarnation, under this intent.
/// </summary>
internal sealed partial class CustomerKey
{
    private const int MaxOffers = 256;
    private const string TransferAction = "transfer";

    private readonly Dictionary<Digest, Offer> _offers = [];

    /// <summary>The messages between holders; false for any other.</summary>
    private bool ReceiveTransfer(CustomerKeyMessage message)
    {
        switch (message)
        {
            case CustomerKeyMessage.OfferTransfer m:
                m.ReplyTo.Tell(OnOffer(m.Ask));
                return true;
            case CustomerKeyMessage.SealTransfer m:
                m.ReplyTo.Tell(OnSealTransfer(m));
                return true;
            case CustomerKeyMessage.AskTicket m:
                m.ReplyTo.Tell(OnAskTicket(m));
                return true;
            case CustomerKeyMessage.DrawTicket m:
                m.ReplyTo.Tell(OnDrawTicket(m.Request));
                return true;
            case CustomerKeyMessage.RequestTransfer m:
                m.ReplyTo.Tell(OnRequestTransfer(m));
                return true;
            case CustomerKeyMessage.TakeTransfer m:
                OnTakeTransfer(m);
                return true;
            case CustomerKeyMessage.TakeOver m:
                OnTakeOver(m);
                return true;
            case CustomerKeyMessage.Yield m:
                m.ReplyTo.Tell(OnYield(m));
                return true;
            case CustomerKeyMessage.YieldCheck m:
                OnYieldCheck(m);
                return true;
            case CustomerKeyMessage.Spare when _state == KeyState.Holding && !_isTakingOver:
                Wipe("held by enough others");
                return true;
            case CustomerKeyMessage.Spare:
                return true;
            case CustomerKeyMessage.LockStands m:
                OnLockStands(m);
                return true;
            case CustomerKeyMessage.HoldCheck m:
                OnHoldCheck(m);
                return true;
            default:
                return false;
        }
    }

    private Result<OfferedTransfer> OnOffer(TransferAsk ask)
    {
        if (_state != KeyState.Unlocked)
        {
            return LockedRefusal();
        }

        var result = MakeOffer(ask);
        if (result.Code is { } code and not Codes.Busy)
        {
            TransferLog.Refused(_log, _customer, ask.Peer, code);
            if (code == TransferCodes.SecondIncarnation)
            {
                TransferLog.SecondIncarnation(_log, _customer, ask.Peer);
            }

            ReportRefusal($"node/{ask.Peer}", TransferAction, code);
        }

        return result;
    }

    private Result<OfferedTransfer> MakeOffer(TransferAsk ask)
    {
        var now = _node.Time.GetUtcNow();
        foreach (var (hash, old) in _offers.Where(o => o.Value.Until < now).ToList())
        {
            _offers.Remove(hash);
        }

        if (_offers.Count >= MaxOffers)
        {
            return new Refused(Codes.Busy, "too many transfers of this customer are under way; try again");
        }

        if (!VerifiedIncarnation.TryRead(_node, ask.Incarnation, ask.Certificates, out var incarnation, out var refused))
        {
            return refused;
        }

        TransferRequest request;
        Admission admission;
        try
        {
            request = ask.Request.Read<TransferRequest>();
            admission = Statement.Read<Admission>(ask.Admission.Span);
        }
        catch (MalformedException problem)
        {
            return new Refused(Codes.Malformed, problem.Message);
        }

        refused = Examine(ask, request, incarnation, now) ??
            (Digest.Of(ask.Admission.Span) != request.Admission
                ? new Refused(AdmissionRefusal.Mismatch, "the request is for another admission than the one that came along")
                : Admit(ask, request, admission, incarnation, out var given) ?? MakeSure(request, given));
        if (refused is not null)
        {
            return refused;
        }

        if (FindTicket(admission) is { } ticket)
        {
            ticket.Bound = request.Incarnation;
        }

        return Promise(ask, request, admission, incarnation);
    }

    private OfferedTransfer Promise(TransferAsk ask, TransferRequest request, Admission admission, Incarnation incarnation)
    {
        var intent = new TransferIntent(
            _node.Cluster, _customer, [.. HeldSecrets().Select(s => s.Epoch)], ask.Request.Hash, admission.Kind, _node.Node,
            _node.Incarnation.Key.Fingerprint, request.Node, request.Incarnation, _fence, _lockGeneration);
        var signed = _secret!.Sign(intent);
        var record = new TransferRecord(
            signed, ask.Request, ask.TicketSignature, ask.Admission, ask.Incarnation, ask.Certificates).Encode();
        _offers[ask.Request.Hash] = new Offer(
            intent, signed, record, admission, incarnation.Key, request.NotAfter + (2 * RequestVerifier.ClockSkew));
        return new OfferedTransfer(ask.Request.Hash, record, _fence);
    }

    /// <summary>Whether the request is this incarnation's, for this customer and holder, now, and for the first time.</summary>
    private Refused? Examine(TransferAsk ask, TransferRequest request, Incarnation incarnation, DateTimeOffset now) => 0 switch
    {
        _ when request.Node != ask.Peer =>
            new(TransferCodes.WrongNode, "the request is in the name of another node than the one that sent it"),
        _ when incarnation.Node != request.Node || incarnation.Key.Fingerprint != request.Incarnation =>
            new(TransferCodes.IncarnationOfAnother, "the request names another incarnation than the one that came along"),
        _ when request.Cluster != _node.Cluster || request.Customer != _customer ||
            request.Holder != _node.Incarnation.Key.Fingerprint || request.Incarnation == request.Holder =>
            new(TransferCodes.Misaddressed, "the request is for another cluster, customer or holder; ask the holder who it is now"),
        _ when !ask.Request.IsBy(incarnation.Key) =>
            new(TransferCodes.PossessionUnproven, "the request is not signed by the incarnation that it names"),
        _ when request.Epoch != _secret!.Epoch =>
            new(TransferCodes.WrongEpoch, $"the customer's epoch is {_secret.Epoch}; read it again, and ask again"),
        _ when !AdmissionVerifier.IsInTime(request.NotAfter, TransferRequest.MaxLife, now) =>
            new(TransferCodes.Expired, "the request's time is over or too far ahead; look at the clocks"),
        _ when _offers.ContainsKey(ask.Request.Hash) => new(TransferCodes.Replayed, "the request was answered before; make a new one"),
        _ => null,
    };

    private Refused? Admit(
        TransferAsk ask, TransferRequest request, Admission admission, Incarnation incarnation, out DrainTicket? ticket)
    {
        ticket = null;
        switch (admission.Kind)
        {
            case AdmissionKind.Ticket:
                return AdmitByTicket(ask, request, admission, out ticket);
            case AdmissionKind.Statement:
                return AdmissionVerifier.OfPeople(
                    admission, incarnation, _node.Peers.Policy.People, _node.Time.GetUtcNow()) is { } code
                    ? new Refused(code, "two people of the cluster's admission list have to sign for this start of the node")
                    : null;
            case AdmissionKind.Auto when _node.Peers.Policy.IsAuto:
                return _node.Peers.Find(request.Node) is null
                    ? new Refused(TransferCodes.PeerUnknown, "the node is not among broker.dmz.peers.nodes")
                    : null;
            default:
                return new Refused(
                    AdmissionRefusal.Needed, "nobody vouches for this start of the node; two people sign for it, or it is drained before");
        }
    }

    /// <summary>Two live starts of one node mean that its key was copied. Only the predecessor of a ticket may live still.</summary>
    private Refused? MakeSure(TransferRequest request, DrainTicket? ticket)
    {
        var other = request.Node == _node.Node ? _node.Incarnation.Key.Fingerprint : _node.Peers.Live.Of(request.Node);
        return other is { } lives && lives != request.Incarnation && lives != ticket?.Predecessor
            ? new Refused(
                TransferCodes.SecondIncarnation,
                "another start of this node is alive: stop it and wait 15 s; if it should not be, its key was copied, issue a new one")
            : null;
    }

    private Result<SealedTransfer> OnSealTransfer(CustomerKeyMessage.SealTransfer message)
    {
        if (_state != KeyState.Unlocked)
        {
            return LockedRefusal();
        }

        if (!_offers.TryGetValue(message.Request, out var offer) || offer.IsAnswered)
        {
            return new Refused(TransferCodes.NotOffered, "no intent of this transfer waits for its receipt");
        }

        if (VerifyReceipt(message.Receipt.Span, offer) is { } refused)
        {
            TransferLog.Refused(_log, _customer, offer.Intent.Node, refused.Code);
            ReportRefusal($"node/{_node.Node}", TransferAction, refused.Code);
            return refused;
        }

        try
        {
            var info = offer.Intent.Info(offer.Signed.Hash, offer.Admission.Hash());
            var content = TransferSeal.Seal(HeldSecrets(), offer.Target, info, _node.Random);
            offer.IsAnswered = true;
            TransferLog.Sealed(_log, _customer, offer.Intent.Node, offer.Intent.AdmissionKind);
            return new SealedTransfer(offer.Signed, content, _head!.Signed, UseTicket(offer));
        }
        catch (SecretMemoryExhaustedException)
        {
            return MemoryFull;
        }
    }

    private Refused? VerifyReceipt(ReadOnlySpan<byte> receipt, Offer offer)
    {
        if (_node.Ledger.Key is not { } ledger)
        {
            return new Refused(Codes.ZoneUnavailable, "the zone's ledger key is not known yet");
        }

        Block? block;
        try
        {
            block = Statement.Read<Receipt>(receipt).Verify(ledger, _node.Cluster, _batches);
        }
        catch (MalformedException)
        {
            block = null;
        }

        return block switch
        {
            null => new Refused(Codes.ReceiptForged, "the zone's receipt does not verify"),
            _ when block.Kind != BlockKind.Transfer || block.Chain != _customer.Value || !block.Body.Span.SequenceEqual(offer.Record) =>
                new Refused(Codes.ReceiptOfAnother, "the receipt is of something else than this transfer"),
            _ when offer.Intent.Fence != _fence => new Refused(Codes.FenceStale, "the intent is under another fence"),
            _ when offer.Intent.LockGeneration != _lockGeneration =>
                new Refused(Codes.LockStands, "the intent is under another lock generation"),
            _ when !ReplayWindow.IsFresh(block.Time, _node.Time.GetUtcNow()) =>
                new Refused(Codes.ReceiptStale, "the receipt is too old; look at the clocks"),
            _ => null,
        };
    }

    /// <summary>The secrets that a new holder needs, ascending by epoch: the current one is the last.</summary>
    private IReadOnlyList<CustomerSecret> HeldSecrets() =>
        _secret!.Predecessor is { } before ? [before, _secret] : [_secret];

    /// <summary>An intent that was signed; it is kept until its request cannot come again.</summary>
    private sealed record Offer(
        TransferIntent Intent, Signed Signed, byte[] Record, Admission Admission, PublicKey Target, DateTimeOffset Until)
    {
        public bool IsAnswered { get; set; }
    }
}
