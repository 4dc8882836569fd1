using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Custody;

/// <summary>How an epoch of a customer's secret is kept; signed by that epoch's identity key.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Split">The id of this splitting: shares of another do not combine with these.</param>
/// <param name="Threshold">k.</param>
/// <param name="Custodians">The n custodians; share i is sealed to the i-th.</param>
/// <param name="AdministratorsRequired">Signatures of administrators on what is grave: 1 or 2.</param>
/// <param name="Identity">The customer's identity key.</param>
/// <param name="Intake">The customer's intake key, to which consoles seal uploads.</param>
/// <param name="Plan">SHA-256 of the enrolment plan.</param>
public sealed record CustodyRecord(
    Name Cluster,
    Name Customer,
    uint Epoch,
    Id16 Split,
    uint Threshold,
    IReadOnlyList<NamedKey> Custodians,
    uint AdministratorsRequired,
    PublicKey Identity,
    PublicKey Intake,
    Digest Plan) : IStatement<CustodyRecord>
{
    private const string Label = "broker/custody/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).U32(Epoch).Id(Split).U32(Threshold).List(Custodians, NamedKey.Write)
        .U32(AdministratorsRequired).Key(Identity).Key(Intake).Digest(Plan).ToArray();

    /// <inheritdoc/>
    public static CustodyRecord Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var record = new CustodyRecord(
            r.Name(), r.Name(), r.U32(), r.Id(), r.U32(), r.List(NamedKey.Read, 16), r.U32(), r.Key(), r.Key(), r.Digest());
        r.End();
        return record;
    }
}
