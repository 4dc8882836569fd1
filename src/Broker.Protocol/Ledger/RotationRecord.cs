using Broker.Protocol.Encoding;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>
/// Body of the block with which a new epoch begins: who asked for it, the succession, and the first head of the new identity.
/// </summary>
/// <param name="Cause">The encoding of the <see cref="SignedRequest"/>.</param>
/// <param name="Succession">A <see cref="Custody.SuccessionRecord"/>, signed by the new identity.</param>
/// <param name="Head">The head's statement and signature.</param>
public sealed record RotationRecord(ReadOnlyMemory<byte> Cause, Signed Succession, Signed Head) : IStatement<RotationRecord>
{
    private const string Label = "broker/rotated/1";

    /// <inheritdoc/>
    public byte[] Encode()
    {
        var writer = new EncWriter(Label).Bytes(Cause.Span);
        Signed.Write(writer, Succession);
        Signed.Write(writer, Head);
        return writer.ToArray();
    }

    /// <inheritdoc/>
    public static RotationRecord Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var record = new RotationRecord(r.Bytes().ToArray(), Signed.ReadFrom(ref r), Signed.ReadFrom(ref r));
        r.End();
        return record;
    }
}
