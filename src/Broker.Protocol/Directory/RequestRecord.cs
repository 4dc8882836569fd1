using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Directory;

/// <summary>
/// A request whose change was committed, as long as it could be believed again. It stands under the head that it led to, so that
/// its absence is proved like its presence, and has no signature of its own.
/// </summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="User">Who asked.</param>
/// <param name="IdempotencyKey">The request's key; with the user it names the record.</param>
/// <param name="Request">SHA-256 of the request's statement.</param>
/// <param name="KeptUntil">Before this time the record is not removed.</param>
/// <param name="Counter">Counter of the head under which the change was committed.</param>
/// <param name="Version">The version of the credential that was put; 0 for other changes.</param>
public sealed record RequestRecord(
    Name Cluster,
    Name Customer,
    Name User,
    Id16 IdempotencyKey,
    Digest Request,
    DateTimeOffset KeptUntil,
    ulong Counter,
    uint Version) : IStatement<RequestRecord>
{
    private const string Label = "broker/request-record/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).Name(User).Id(IdempotencyKey).Digest(Request).Time(KeptUntil).U64(Counter).U32(Version).ToArray();

    /// <inheritdoc/>
    public static RequestRecord Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var record = new RequestRecord(r.Name(), r.Name(), r.Name(), r.Id(), r.Digest(), r.Time(), r.U64(), r.U32());
        r.End();
        return record;
    }
}
