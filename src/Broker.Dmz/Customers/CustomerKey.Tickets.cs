using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;

namespace Broker.Dmz.Customers;

/// <summary>
/// Tickets: a holder that drains draws them for its successor from holders that stay. Who gives one remembers it, in this incarnation
/// only; so it is used once, and a copy of its bytes is good for nothing.
/// </summary>
internal sealed partial class CustomerKey
{
    private const int MaxTickets = 64;

    private readonly Dictionary<Digest, GivenTicket> _tickets = [];

    private bool Holds => _secret is not null && _state is KeyState.Unlocked or KeyState.Holding;

    private Result<Signed> OnAskTicket(CustomerKeyMessage.AskTicket message) => Holds
        ? _secret!.Sign(new TicketRequest(
            _node.Cluster, _customer, _node.Node, _node.Incarnation.Key.Fingerprint, message.Holder, message.Key,
            _node.Time.GetUtcNow() + DrainTicket.MaxLife))
        : LockedRefusal();

    private Result<Signed> OnDrawTicket(Signed signed)
    {
        if (!Holds)
        {
            return LockedRefusal();
        }

        var now = _node.Time.GetUtcNow();
        foreach (var (hash, old) in _tickets.Where(t => t.Value.Ticket.NotAfter + DrainTicket.MaxLife < now).ToList())
        {
            _tickets.Remove(hash);
        }

        if (_tickets.Count >= MaxTickets)
        {
            return new Refused(Codes.Busy, "too many tickets of this customer are out; try again in a few minutes");
        }

        TicketRequest request;
        try
        {
            request = signed.Read<TicketRequest>();
        }
        catch (MalformedException problem)
        {
            return new Refused(Codes.Malformed, problem.Message);
        }

        if (!signed.IsBy(_secret!.Identity) || request.Cluster != _node.Cluster || request.Customer != _customer ||
            request.Holder != _node.Incarnation.Key.Fingerprint ||
            !AdmissionVerifier.IsInTime(request.NotAfter, DrainTicket.MaxLife, now))
        {
            return new Refused(TransferCodes.TicketRefused, "no holder of this customer asks this holder for a ticket now");
        }

        var end = request.NotAfter < now + DrainTicket.MaxLife ? request.NotAfter : now + DrainTicket.MaxLife;
        var ticket = new DrainTicket(
            _node.Cluster, _customer, request.Node, request.Predecessor, _node.Node, _node.Incarnation.Key.Fingerprint, request.Key, end);
        var given = _secret.Sign(ticket);
        _tickets[given.Hash] = new GivenTicket(ticket);
        return given;
    }

    private Refused? AdmitByTicket(TransferAsk ask, TransferRequest request, Admission admission, out DrainTicket? ticket)
    {
        ticket = null;
        DrainTicket brought;
        try
        {
            brought = Statement.Read<DrainTicket>(admission.Statement.Span);
        }
        catch (MalformedException)
        {
            return new Refused(AdmissionRefusal.Malformed, "the admission is no ticket");
        }

        if (brought.Cluster != _node.Cluster || brought.Customer != _customer || brought.Node != request.Node)
        {
            return new Refused(AdmissionRefusal.TicketOfAnother, "the ticket is for another customer or node");
        }

        // Remembered as it was given, so a signature says nothing more.
        if (FindTicket(admission) is not { } given)
        {
            return new Refused(AdmissionRefusal.TicketUnknown, "this start of this holder gave no such ticket");
        }

        ticket = given.Ticket;
        return 0 switch
        {
            _ when brought.NotAfter < _node.Time.GetUtcNow() =>
                new(AdmissionRefusal.TicketExpired, "the ticket's time is over; two people sign for this start of the node"),
            _ when given.IsUsed || (given.Bound is { } first && first != request.Incarnation) =>
                new(AdmissionRefusal.TicketUsed, "the ticket was used, or another start of the node came with it before"),
            _ when !brought.Key.Verify(ask.Request.Statement.Span, ask.TicketSignature.Span) =>
                new(AdmissionRefusal.TicketUnproven, "the request is not signed by the ticket's key"),
            _ => null,
        };
    }

    private GivenTicket? FindTicket(Admission admission) =>
        admission.Kind == AdmissionKind.Ticket ? _tickets.GetValueOrDefault(Digest.Of(admission.Statement.Span)) : null;

    /// <summary>Burns the ticket. Where this node itself is the one that drains, its successor shall claim.</summary>
    private Signed? UseTicket(Offer offer)
    {
        if (FindTicket(offer.Admission) is not { } used)
        {
            return null;
        }

        used.IsUsed = true;
        return used.Ticket.Predecessor == _node.Incarnation.Key.Fingerprint
            ? YieldTo(offer.Intent.Node, offer.Intent.Incarnation)
            : null;
    }

    /// <param name="ticket">As it was given.</param>
    private sealed class GivenTicket(DrainTicket ticket)
    {
        public DrainTicket Ticket => ticket;

        /// <summary>The first incarnation that proved the ticket's key: nobody else comes with it after that.</summary>
        public Digest? Bound { get; set; }

        public bool IsUsed { get; set; }
    }
}
