using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Wire.Peer;
using Google.Protobuf;

namespace Broker.Links.Peers;

/// <summary>
/// A way to one other node of the DMZ, with a method for each operation. Errors are those of <see cref="ZoneCaller.CallAsync"/>: refused,
/// not executed, or perhaps executed.
/// </summary>
/// <param name="node">The node at the other end.</param>
public abstract class PeerCaller(Name node)
{
    /// <summary>The node at the other end; a <see cref="PeerClient"/> talks to nobody else.</summary>
    public Name Node => node;

    /// <summary>
    /// The other end has ended a connection, as a process that dies does: to be asked whether it lives. Raised on a thread of the network.
    /// </summary>
    public event EventHandler? Lost;

    /// <summary>Base address of the node's peer listener.</summary>
    public abstract Uri Address { get; }

    /// <summary>The version of the link that the node announced with its last answer; 0 before the first.</summary>
    public virtual uint Version => 0;

    /// <summary>Calls one operation.</summary>
    /// <param name="operation">Which, of <see cref="PeerOperations"/>.</param>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Gives up waiting; whether the request had its effect is not known then.</param>
    public abstract Task<TReply> CallAsync<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, TRequest request, CancellationToken cancellationToken)
        where TRequest : IMessage<TRequest>, new()
        where TReply : IMessage<TReply>, new();

    /// <summary>Raises <see cref="Lost"/>.</summary>
    protected void OnLost() => Lost?.Invoke(this, EventArgs.Empty);

    /// <summary>Who the node is now, and that it lives.</summary>
    public Task<DescribeReply> DescribeAsync(DescribeRequest request, CancellationToken cancellationToken) =>
        CallAsync(PeerOperations.Describe, request, cancellationToken);

    /// <summary>A ticket for the caller's successor.</summary>
    public Task<DrawTicketReply> DrawTicketAsync(DrawTicketRequest request, CancellationToken cancellationToken) =>
        CallAsync(PeerOperations.DrawTicket, request, cancellationToken);

    /// <summary>A customer's secret, sealed to the caller's incarnation.</summary>
    public Task<TransferReply> TransferAsync(TransferRequest request, CancellationToken cancellationToken) =>
        CallAsync(PeerOperations.Transfer, request, cancellationToken);

    /// <summary>Has the node claim a customer that it holds.</summary>
    public Task<TakeOverReply> TakeOverAsync(TakeOverRequest request, CancellationToken cancellationToken) =>
        CallAsync(PeerOperations.TakeOver, request, cancellationToken);

    /// <summary>Has the node wipe a customer that is locked.</summary>
    public Task<WipeReply> WipeAsync(WipeRequest request, CancellationToken cancellationToken) =>
        CallAsync(PeerOperations.Wipe, request, cancellationToken);

    /// <summary>Has the node answer a console's call for a customer that it owns.</summary>
    public Task<ForwardReply> ForwardAsync(ForwardRequest request, CancellationToken cancellationToken) =>
        CallAsync(PeerOperations.Forward, request, cancellationToken);

    /// <summary>Which of some customers the node holds.</summary>
    public Task<HoldingsReply> HoldingsAsync(HoldingsRequest request, CancellationToken cancellationToken) =>
        CallAsync(PeerOperations.Holdings, request, cancellationToken);
}
