using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>Body of a change block: why the rows or the directory changed, and the head that followed.</summary>
/// <param name="Causes">The encodings of the signed requests, or of the signed plan, that caused it.</param>
/// <param name="Head">The head's statement and signature.</param>
public sealed record ChangeRecord(IReadOnlyList<ReadOnlyMemory<byte>> Causes, Signed Head) : IStatement<ChangeRecord>
{
    private const string Label = "broker/change/1";

    /// <inheritdoc/>
    public byte[] Encode()
    {
        var writer = new EncWriter(Label).List(Causes, static (w, cause) => w.Bytes(cause.Span));
        Signed.Write(writer, Head);
        return writer.ToArray();
    }

    /// <inheritdoc/>
    public static ChangeRecord Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var record = new ChangeRecord(
            r.List<ReadOnlyMemory<byte>>(static (ref cause) => cause.Bytes().ToArray(), 256), Signed.ReadFrom(ref r));
        r.End();
        return record;
    }
}
