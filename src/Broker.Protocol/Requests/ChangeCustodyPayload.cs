using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Requests;

/// <summary>Payload of <see cref="UserAction.ChangeCustody"/>: the custody that an epoch is to have from now on.</summary>
/// <param name="Ways">All ways that there are to be, also those that stay: each of them is made anew.</param>
/// <param name="OneWayOnly">Whether one way is enough: who loses it has lost the data.</param>
/// <param name="AdministratorsRequired">
/// Signatures of administrators on what is grave, 1 or 2. Where it grows, as many have to sign this request.
/// </param>
/// <param name="Epoch">The epoch, which stays.</param>
/// <param name="Replaces">The revision of the custody record that this replaces.</param>
public sealed record ChangeCustodyPayload(
    IReadOnlyList<CustodyWay> Ways, bool OneWayOnly, uint AdministratorsRequired, uint Epoch, uint Replaces)
    : IStatement<ChangeCustodyPayload>
{
    private const string Label = "broker/change-custody/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .List(Ways, CustodyWay.Write).Flag(OneWayOnly).U32(AdministratorsRequired).U32(Epoch).U32(Replaces).ToArray();

    /// <inheritdoc/>
    public static ChangeCustodyPayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new ChangeCustodyPayload(
            r.List(CustodyWay.Read, CustodyWay.MaxWays), r.Flag(), r.U32(), r.U32(), r.U32());
        r.End();
        return payload;
    }

    /// <summary>Checks what is asked for.</summary>
    /// <exception cref="MalformedException">A number or a list does not fit.</exception>
    public void Validate() => CustodyWay.Validate(Ways, OneWayOnly, AdministratorsRequired);
}
