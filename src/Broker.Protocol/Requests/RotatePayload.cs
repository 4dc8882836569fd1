using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Requests;

/// <summary>Payload of <see cref="UserAction.Rotate"/>: a new secret for the customer, and its custody.</summary>
/// <param name="Ways">The ways of custody of the new epoch.</param>
/// <param name="OneWayOnly">Whether one way is enough: who loses it has lost the data.</param>
/// <param name="AdministratorsRequired">
/// Signatures of administrators on what is grave, 1 or 2. Where it grows, as many have to sign this request.
/// </param>
/// <param name="Epoch">The new epoch: one more than the one that there is.</param>
/// <param name="Compromised">
/// Whether the old secret may be in other hands: then the old identity does not sign the new one, and pins are renewed by people.
/// </param>
public sealed record RotatePayload(
    IReadOnlyList<CustodyWay> Ways, bool OneWayOnly, uint AdministratorsRequired, uint Epoch, bool Compromised)
    : IStatement<RotatePayload>
{
    private const string Label = "broker/rotate/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .List(Ways, CustodyWay.Write).Flag(OneWayOnly).U32(AdministratorsRequired).U32(Epoch).Flag(Compromised).ToArray();

    /// <inheritdoc/>
    public static RotatePayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new RotatePayload(r.List(CustodyWay.Read, CustodyWay.MaxWays), r.Flag(), r.U32(), r.U32(), r.Flag());
        r.End();
        return payload;
    }

    /// <summary>Checks what is asked for.</summary>
    /// <exception cref="MalformedException">A number or a list does not fit.</exception>
    public void Validate() => CustodyWay.Validate(Ways, OneWayOnly, AdministratorsRequired);
}
