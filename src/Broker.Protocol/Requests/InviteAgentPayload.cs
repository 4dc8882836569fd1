using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Requests;

/// <summary>Payload of <see cref="UserAction.InviteAgent"/>. The token is the seed of a key pair; only its public key is here.</summary>
/// <param name="Agent">The agent's name.</param>
/// <param name="Instance">The instance that is expected, a label until attestation exists.</param>
/// <param name="Labels">Labels that release policies may name.</param>
/// <param name="Token">Public key of the one-time token.</param>
/// <param name="NotAfter">End of the token's life, at most 15 minutes ahead.</param>
public sealed record InviteAgentPayload(
    Name Agent, string Instance, IReadOnlyList<Name> Labels, PublicKey Token, DateTimeOffset NotAfter) : IStatement<InviteAgentPayload>
{
    private const string Label = "broker/invite-agent/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Agent).Text(Instance).Names(Labels).Key(Token).Time(NotAfter).ToArray();

    /// <inheritdoc/>
    public static InviteAgentPayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new InviteAgentPayload(r.Name(), r.Text(), r.Names(64), r.Key(), r.Time());
        r.End();
        return payload;
    }
}
