using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Directory;

/// <summary>
/// A promotion whose version is being handed to agents that hold an earlier one. It stands under the head from the promotion on
/// until everybody had it or its time is over, so that a restart finds it and nobody can bring back one that has ended.
/// </summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Credential">The credential.</param>
/// <param name="Version">The promoted version.</param>
/// <param name="Counter">Counter of the head of the promotion: what was handed over under an earlier one is an earlier version.</param>
/// <param name="NotAfter">Its end: the request's.</param>
/// <param name="Request">The encoding of the promotion's <see cref="SignedRequest"/>.</param>
public sealed record HandOverOrder(
    Name Cluster, Name Customer, Name Credential, uint Version, ulong Counter, DateTimeOffset NotAfter, ReadOnlyMemory<byte> Request)
    : IStatement<HandOverOrder>
{
    private const string Label = "broker/hand-over-order/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).Name(Credential).U32(Version).U64(Counter).Time(NotAfter).Bytes(Request.Span).ToArray();

    /// <inheritdoc/>
    public static HandOverOrder Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var order = new HandOverOrder(
            r.Name(), r.Name(), r.Name(), r.U32(), r.U64(), r.Time(), r.Bytes(2 * SignedRequest.MaxPayload).ToArray());
        r.End();
        return order;
    }
}
