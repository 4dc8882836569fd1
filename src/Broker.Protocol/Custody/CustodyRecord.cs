using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Custody;

/// <summary>How an epoch of a customer's secret is kept; signed by that epoch's identity key.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Revision">From 1, one more with each change of custody within the epoch.</param>
/// <param name="Ways">The ways, each of which unlocks alone.</param>
/// <param name="AdministratorsRequired">Signatures of administrators on what is grave: 1 or 2.</param>
/// <param name="Identity">The customer's identity key.</param>
/// <param name="Intake">The customer's intake key, to which consoles seal uploads.</param>
/// <param name="Plan">SHA-256 of what asked for it: the enrolment plan, or the request that changed custody.</param>
public sealed record CustodyRecord(
    Name Cluster,
    Name Customer,
    uint Epoch,
    uint Revision,
    IReadOnlyList<KeptWay> Ways,
    uint AdministratorsRequired,
    PublicKey Identity,
    PublicKey Intake,
    Digest Plan) : IStatement<CustodyRecord>
{
    private const string Label = "broker/custody/1";

    /// <summary>The way of shares, if there is one.</summary>
    public KeptWay? Shares => Ways.FirstOrDefault(static w => w.Way.Kind == WayKind.Shares);

    /// <summary>The way of that name, if there is one.</summary>
    public KeptWay? Find(Name way) => Ways.FirstOrDefault(w => w.Way.Way == way);

    /// <summary>Whether the ways are those that were asked for, in that order.</summary>
    public bool Keeps(IReadOnlyList<CustodyWay> ways) => Ways.Select(static w => w.Way).SequenceEqual(ways);

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).U32(Epoch).U32(Revision).List(Ways, KeptWay.Write)
        .U32(AdministratorsRequired).Key(Identity).Key(Intake).Digest(Plan).ToArray();

    /// <inheritdoc/>
    public static CustodyRecord Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var record = new CustodyRecord(
            r.Name(), r.Name(), r.U32(), r.U32(), r.List(KeptWay.Read, CustodyWay.MaxWays), r.U32(), r.Key(), r.Key(), r.Digest());
        r.End();
        return record;
    }
}
