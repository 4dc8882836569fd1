using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>Body of a ledger-key block: the certificate whose key signs the batches from here on.</summary>
/// <param name="Certificate">DER of a certificate with role <c>ledger</c>, issued by the root.</param>
public sealed record LedgerKeyRecord(ReadOnlyMemory<byte> Certificate) : IStatement<LedgerKeyRecord>
{
    private const string Label = "broker/ledger-key/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Bytes(Certificate.Span).ToArray();

    /// <inheritdoc/>
    public static LedgerKeyRecord Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var record = new LedgerKeyRecord(r.Bytes(8192).ToArray());
        r.End();
        return record;
    }
}
