using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Transfer;

/// <summary>
/// An incarnation of a node asks a holder for a customer's secret; signed by the incarnation's own key, which is nowhere but in its
/// locked memory. Answered once.
/// </summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Epoch">The customer's current epoch.</param>
/// <param name="Node">The node that asks.</param>
/// <param name="Incarnation">Fingerprint of its incarnation: what is asked for is sealed to that key.</param>
/// <param name="Holder">Fingerprint of the incarnation that is asked.</param>
/// <param name="Admission">SHA-256 of the <see cref="Transfer.Admission"/> that comes along.</param>
/// <param name="Nonce">32 random bytes.</param>
/// <param name="NotAfter">The request is refused later; at most <see cref="MaxLife"/> ahead.</param>
public sealed record TransferRequest(
    Name Cluster,
    Name Customer,
    uint Epoch,
    Name Node,
    Digest Incarnation,
    Digest Holder,
    Digest Admission,
    Digest Nonce,
    DateTimeOffset NotAfter) : IStatement<TransferRequest>
{
    /// <summary>Longest life of a request.</summary>
    public static readonly TimeSpan MaxLife = TimeSpan.FromMinutes(2);

    private const string Label = "broker/transfer-request/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).U32(Epoch).Name(Node).Digest(Incarnation).Digest(Holder).Digest(Admission).Digest(Nonce)
        .Time(NotAfter).ToArray();

    /// <inheritdoc/>
    public static TransferRequest Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var request = new TransferRequest(
            r.Name(), r.Name(), r.U32(), r.Name(), r.Digest(), r.Digest(), r.Digest(), r.Digest(), r.Time());
        r.End();
        return request;
    }
}
