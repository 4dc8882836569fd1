using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Transfer;

/// <summary>An incarnation shows that it lives: signed by its own key over what the asker drew.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Node">The node.</param>
/// <param name="Incarnation">Fingerprint of the incarnation.</param>
/// <param name="Nonce">The asker's 32 random bytes.</param>
public sealed record Presence(Name Cluster, Name Node, Digest Incarnation, Digest Nonce) : IStatement<Presence>
{
    private const string Label = "broker/presence/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Cluster).Name(Node).Digest(Incarnation).Digest(Nonce).ToArray();

    /// <inheritdoc/>
    public static Presence Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var presence = new Presence(r.Name(), r.Name(), r.Digest(), r.Digest());
        r.End();
        return presence;
    }
}
