using Broker.Actors;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Customers;

/// <content>What holders of one customer say to each other, as it reaches the key actor.</content>
internal abstract partial record CustomerKeyMessage
{
    /// <summary>An incarnation of another node asks for the customer's secret: verify, and sign the intent.</summary>
    public sealed record OfferTransfer(TransferAsk Ask, ReplyTo<Result<OfferedTransfer>> ReplyTo) : CustomerKeyMessage;

    /// <summary>The zone recorded the intent: seal.</summary>
    public sealed record SealTransfer(Digest Request, ReadOnlyMemory<byte> Receipt, ReplyTo<Result<SealedTransfer>> ReplyTo)
        : CustomerKeyMessage;

    /// <summary>This node drains: ask a holder for a ticket for the successor.</summary>
    public sealed record AskTicket(PublicKey Key, Digest Holder, ReplyTo<Result<Signed>> ReplyTo) : CustomerKeyMessage;

    /// <summary>A holder that drains asks for a ticket.</summary>
    public sealed record DrawTicket(Signed Request, ReplyTo<Result<Signed>> ReplyTo) : CustomerKeyMessage;

    /// <summary>Ask a holder for the customer's secret.</summary>
    public sealed record RequestTransfer(Digest Holder, uint Epoch, Digest Admission, ReplyTo<Result<Signed>> ReplyTo)
        : CustomerKeyMessage;

    /// <summary>The holder answered. Replied to when the zone's word was held against it.</summary>
    public sealed record TakeTransfer(SealedTransfer Transfer, ReplyTo<Result<KeyStatus>> ReplyTo) : CustomerKeyMessage;

    /// <summary>
    /// Claim what is held. By the owner's signed word, or without it where the node itself has found that the owner is gone. Replied to
    /// when the claim has ended.
    /// </summary>
    /// <param name="HandOver">The owner's word, or null.</param>
    /// <param name="ReplyTo">Gets the state.</param>
    /// <param name="Fence">The fence of the owner that is gone: where the zone has another, somebody claimed since. Null: any.</param>
    public sealed record TakeOver(Signed? HandOver, ReplyTo<Result<KeyStatus>> ReplyTo, ulong? Fence = null) : CustomerKeyMessage;

    /// <summary>Say that another holder shall own the customer, and give way once it does.</summary>
    /// <param name="Node">The other holder.</param>
    /// <param name="Incarnation">Its start.</param>
    /// <param name="ReplyTo">Gets the signed word.</param>
    /// <param name="HoldsOn">Whether this node stays a holder; one that stops does not.</param>
    public sealed record Yield(Name Node, Digest Incarnation, ReplyTo<Result<Signed>> ReplyTo, bool HoldsOn = false)
        : CustomerKeyMessage;

    /// <summary>Look whether the one that was yielded to has claimed; or the zone's word that nobody had, when the time was over.</summary>
    public sealed record YieldCheck(ulong Fence, bool NobodyCame = false) : CustomerKeyMessage;

    /// <summary>Enough others hold the customer: wipe it, unless this node owns it by now.</summary>
    public sealed record Spare : CustomerKeyMessage;

    /// <summary>Look whether what is held may be held still, and who owns it.</summary>
    /// <param name="Turn">The turn of this actor that asks itself; null where another one asks.</param>
    public sealed record HoldCheck(long? Turn) : CustomerKeyMessage;
}

/// <summary>A request for a customer's secret as it came over the peer link. Nothing of it is believed but the peer's name.</summary>
/// <param name="Peer">The name in the certificate of who sent it.</param>
/// <param name="Request">A <see cref="Protocol.Transfer.TransferRequest"/> with the incarnation's signature.</param>
/// <param name="Incarnation">The incarnation with the node key's signature.</param>
/// <param name="Certificates">The node's certificate chain.</param>
/// <param name="Admission">The encoding of a <see cref="Protocol.Transfer.Admission"/>.</param>
/// <param name="TicketSignature">The ticket key's signature over the request, or empty.</param>
internal sealed record TransferAsk(
    Name Peer, Signed Request, Signed Incarnation, IReadOnlyList<ReadOnlyMemory<byte>> Certificates, ReadOnlyMemory<byte> Admission,
    ReadOnlyMemory<byte> TicketSignature);

/// <summary>An intent that the key signed; it seals when it sees this record in the ledger.</summary>
/// <param name="Request">SHA-256 of the request.</param>
/// <param name="Record">The encoding of the <see cref="Protocol.Transfer.TransferRecord"/> to append.</param>
/// <param name="Fence">The fence under which to append it.</param>
internal sealed record OfferedTransfer(Digest Request, byte[] Record, ulong Fence);

/// <summary>A customer's secret on its way.</summary>
/// <param name="Intent">The signed intent.</param>
/// <param name="Sealed">HPKE to the incarnation.</param>
/// <param name="Head">The holder's head, a witness.</param>
/// <param name="HandOver">Where the holder drains: its word that the receiver shall claim.</param>
internal sealed record SealedTransfer(Signed Intent, ReadOnlyMemory<byte> Sealed, Signed Head, Signed? HandOver);
