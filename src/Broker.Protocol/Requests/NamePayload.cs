using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Requests;

/// <summary>Payload of the actions that concern one named thing: delete a credential, remove a user or an agent.</summary>
/// <param name="Subject">The name.</param>
public sealed record NamePayload(Name Subject) : IStatement<NamePayload>
{
    private const string Label = "broker/name/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Subject).ToArray();

    /// <inheritdoc/>
    public static NamePayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new NamePayload(r.Name());
        r.End();
        return payload;
    }
}
