using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>Body of an intent block: the intent and the whole request that it answers.</summary>
/// <param name="Intent">The encoding of an <see cref="Ledger.Intent"/>.</param>
/// <param name="Request">The encoding of a <see cref="Requests.SignedRequest"/>.</param>
public sealed record IntentRecord(ReadOnlyMemory<byte> Intent, ReadOnlyMemory<byte> Request) : IStatement<IntentRecord>
{
    private const string Label = "broker/intent-record/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Bytes(Intent.Span).Bytes(Request.Span).ToArray();

    /// <inheritdoc/>
    public static IntentRecord Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var record = new IntentRecord(r.Bytes().ToArray(), r.Bytes().ToArray());
        r.End();
        return record;
    }
}
