using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Requests;

/// <summary>Payload of <see cref="UserAction.PutUser"/>.</summary>
/// <param name="User">The user.</param>
/// <param name="Role">The role.</param>
/// <param name="Key">The user's signing key.</param>
public sealed record PutUserPayload(Name User, Role Role, PublicKey Key) : IStatement<PutUserPayload>
{
    private const string Label = "broker/put-user/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(User).Text(Role.ToText()).Key(Key).ToArray();

    /// <inheritdoc/>
    public static PutUserPayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new PutUserPayload(r.Name(), Roles.Parse(r.Text()), r.Key());
        r.End();
        return payload;
    }
}
