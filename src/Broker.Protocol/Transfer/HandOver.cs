using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Transfer;

/// <summary>An owner asks a holder to claim the customer; signed by the identity key. Good for the next fence only.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="From">Fingerprint of the owner's incarnation.</param>
/// <param name="Node">The node that shall claim.</param>
/// <param name="To">Fingerprint of its incarnation.</param>
/// <param name="Fence">The owner's fence; the claim raises it by one.</param>
public sealed record HandOver(Name Cluster, Name Customer, Digest From, Name Node, Digest To, ulong Fence) : IStatement<HandOver>
{
    private const string Label = "broker/hand-over/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Cluster).Name(Customer).Digest(From).Name(Node).Digest(To).U64(Fence).ToArray();

    /// <inheritdoc/>
    public static HandOver Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var over = new HandOver(r.Name(), r.Name(), r.Digest(), r.Name(), r.Digest(), r.U64());
        r.End();
        return over;
    }
}
