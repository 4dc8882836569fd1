using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>Body of an intent block: the intent and the whole request that it answers.</summary>
/// <param name="Intent">The encoding of an <see cref="Ledger.Intent"/>.</param>
/// <param name="Request">The encoding of a <see cref="Requests.SignedRequest"/>.</param>
public sealed record IntentRecord(ReadOnlyMemory<byte> Intent, ReadOnlyMemory<byte> Request) : IStatement<IntentRecord>
{
    private const string Label = "broker/intent-record/1";
    private const string HolderLabel = "broker/intent-record/2";

    /// <summary>
    /// Where the request is a promotion, the encoding of the <see cref="Requests.HolderLaunch"/> that follows from it, and the record
    /// is <c>broker/intent-record/2</c>; else empty.
    /// </summary>
    public ReadOnlyMemory<byte> Launch { get; init; }

    /// <inheritdoc/>
    public byte[] Encode()
    {
        var writer = new EncWriter(Launch.IsEmpty ? Label : HolderLabel).Bytes(Intent.Span).Bytes(Request.Span);
        return (Launch.IsEmpty ? writer : writer.Bytes(Launch.Span)).ToArray();
    }

    /// <inheritdoc/>
    public static IntentRecord Decode(ReadOnlySpan<byte> encoding)
    {
        var isOfHolder = EncReader.Begins(encoding, HolderLabel);
        var r = new EncReader(encoding, isOfHolder ? HolderLabel : Label);
        var record = new IntentRecord(r.Bytes().ToArray(), r.Bytes().ToArray());
        if (isOfHolder)
        {
            record = record with { Launch = r.Bytes().ToArray() };
        }

        r.End();
        return record;
    }
}
