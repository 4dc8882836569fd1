using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Requests;

/// <summary>Payload of <see cref="UserAction.Login"/>: none.</summary>
public sealed record LoginPayload : IStatement<LoginPayload>
{
    private const string Label = "broker/login/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).ToArray();

    /// <inheritdoc/>
    public static LoginPayload Decode(ReadOnlySpan<byte> encoding)
    {
        new EncReader(encoding, Label).End();
        return new LoginPayload();
    }
}
