using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Requests;

/// <summary>Payload of <see cref="UserAction.PutPolicy"/>.</summary>
/// <param name="Policy">The policy's name.</param>
/// <param name="Agents">Agents that may receive.</param>
/// <param name="Labels">Labels, one of which suffices.</param>
/// <param name="Uses">Named uses.</param>
/// <param name="UserRoles">Roles that may ask.</param>
public sealed record PutPolicyPayload(
    Name Policy, IReadOnlyList<Name> Agents, IReadOnlyList<Name> Labels, IReadOnlyList<Name> Uses, IReadOnlyList<Role> UserRoles)
    : IStatement<PutPolicyPayload>
{
    private const string Label = "broker/put-policy/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Policy).Names(Agents).Names(Labels).Names(Uses)
        .List(UserRoles, static (w, role) => w.Text(role.ToText())).ToArray();

    /// <inheritdoc/>
    public static PutPolicyPayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new PutPolicyPayload(
            r.Name(), r.Names(256), r.Names(64), r.Names(64), r.List(static (ref item) => Roles.Parse(item.Text()), 4));
        r.End();
        ReleasePolicy.RefuseDefault(payload.Policy);
        return payload;
    }
}
