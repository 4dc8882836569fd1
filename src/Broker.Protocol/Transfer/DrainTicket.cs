using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Transfer;

/// <summary>
/// Admits the successor of a node that drains, for one customer; signed by the customer's identity key at the holder that will honour
/// it, once. Of the key only the public half is in it: the private one goes from process to process on one machine in a memfd.
/// </summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Node">The node whose successor may come.</param>
/// <param name="Predecessor">Fingerprint of the incarnation that drains: it may be alive still when its successor comes.</param>
/// <param name="HolderNode">The node that honours the ticket.</param>
/// <param name="Holder">Fingerprint of its incarnation: another start of it knows nothing of the ticket.</param>
/// <param name="Key">The ticket's key; who comes with the ticket signs with it.</param>
/// <param name="NotAfter">At most <see cref="MaxLife"/> after it was drawn.</param>
public sealed record DrainTicket(
    Name Cluster,
    Name Customer,
    Name Node,
    Digest Predecessor,
    Name HolderNode,
    Digest Holder,
    PublicKey Key,
    DateTimeOffset NotAfter) : IStatement<DrainTicket>
{
    /// <summary>Longest life of a ticket.</summary>
    public static readonly TimeSpan MaxLife = TimeSpan.FromMinutes(5);

    private const string Label = "broker/drain-ticket/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).Name(Node).Digest(Predecessor).Name(HolderNode).Digest(Holder).Key(Key).Time(NotAfter).ToArray();

    /// <inheritdoc/>
    public static DrainTicket Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var ticket = new DrainTicket(r.Name(), r.Name(), r.Name(), r.Digest(), r.Name(), r.Digest(), r.Key(), r.Time());
        r.End();
        return ticket;
    }
}
