using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Requests;

/// <summary>Payload of <see cref="UserAction.Release"/>: the use of that hand-off ends, and what it held is wiped.</summary>
/// <param name="Agent">The agent that holds.</param>
/// <param name="HandOff">The hand-off.</param>
public sealed record ReleasePayload(Name Agent, Id16 HandOff) : IStatement<ReleasePayload>
{
    private const string Label = "broker/release/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Agent).Id(HandOff).ToArray();

    /// <inheritdoc/>
    public static ReleasePayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new ReleasePayload(r.Name(), r.Id());
        r.End();
        return payload;
    }
}
