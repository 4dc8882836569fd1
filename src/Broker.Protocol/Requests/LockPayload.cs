using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Requests;

/// <summary>Payload of <see cref="UserAction.Lock"/> and <see cref="UserAction.LiftLock"/>.</summary>
/// <param name="Generation">For a lift, the lock generation that is lifted; for a lock, 0.</param>
/// <param name="Reason">A text for the audit trail.</param>
public sealed record LockPayload(ulong Generation, string Reason) : IStatement<LockPayload>
{
    private const string Label = "broker/lock/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).U64(Generation).Text(Reason).ToArray();

    /// <inheritdoc/>
    public static LockPayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new LockPayload(r.U64(), r.Text());
        r.End();
        return payload;
    }
}
