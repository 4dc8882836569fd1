using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Requests;

/// <summary>What a user signs to cause an effect.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="User">The user who asks.</param>
/// <param name="Action">The action's text.</param>
/// <param name="IdempotencyKey">Scope customer and user, 24 h: the same key with the same body is the same request.</param>
/// <param name="NotAfter">The request is refused later.</param>
/// <param name="Payload">SHA-256 of the action's own encoding.</param>
public sealed record Request(
    Name Cluster, Name Customer, Name User, string Action, Id16 IdempotencyKey, DateTimeOffset NotAfter, Digest Payload)
    : IStatement<Request>
{
    private const string Label = "broker/request/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).Name(User).Text(Action).Id(IdempotencyKey).Time(NotAfter).Digest(Payload).ToArray();

    /// <inheritdoc/>
    public static Request Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var request = new Request(r.Name(), r.Name(), r.Name(), r.Text(), r.Id(), r.Time(), r.Digest());
        r.End();
        return request;
    }
}
