using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Requests;

/// <summary>
/// Payload of the actions that concern one version: <see cref="UserAction.StageVersion"/>, <see cref="UserAction.RetireVersion"/>,
/// <see cref="UserAction.DeleteVersion"/>.
/// </summary>
/// <param name="Credential">The credential.</param>
/// <param name="Version">The version, from 1.</param>
public sealed record VersionPayload(Name Credential, uint Version) : IStatement<VersionPayload>
{
    private const string Label = "broker/version/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Credential).U32(Version).ToArray();

    /// <inheritdoc/>
    public static VersionPayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new VersionPayload(r.Name(), r.U32());
        r.End();
        return payload;
    }
}
