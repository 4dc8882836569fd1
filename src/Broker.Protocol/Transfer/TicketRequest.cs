using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Transfer;

/// <summary>
/// A holder that drains asks another for a ticket for its successor; signed by the customer's identity key, so that only who holds the
/// secret draws one.
/// </summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Node">The node that drains.</param>
/// <param name="Predecessor">Fingerprint of its incarnation.</param>
/// <param name="Holder">Fingerprint of the incarnation that is asked.</param>
/// <param name="Key">The ticket's key.</param>
/// <param name="NotAfter">The ticket's end; at most <see cref="DrainTicket.MaxLife"/> ahead.</param>
public sealed record TicketRequest(
    Name Cluster, Name Customer, Name Node, Digest Predecessor, Digest Holder, PublicKey Key, DateTimeOffset NotAfter)
    : IStatement<TicketRequest>
{
    private const string Label = "broker/ticket-request/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).Name(Node).Digest(Predecessor).Digest(Holder).Key(Key).Time(NotAfter).ToArray();

    /// <inheritdoc/>
    public static TicketRequest Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var request = new TicketRequest(r.Name(), r.Name(), r.Name(), r.Digest(), r.Digest(), r.Key(), r.Time());
        r.End();
        return request;
    }
}
