using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>Body of a block whose subject is one signed statement: an outcome or a claim.</summary>
/// <param name="Statement">The statement and its signature by the identity key.</param>
public sealed record SignedRecord(Signed Statement) : IStatement<SignedRecord>
{
    private const string Label = "broker/signed-record/1";

    /// <inheritdoc/>
    public byte[] Encode()
    {
        var writer = new EncWriter(Label);
        Signed.Write(writer, Statement);
        return writer.ToArray();
    }

    /// <inheritdoc/>
    public static SignedRecord Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var record = new SignedRecord(Signed.ReadFrom(ref r));
        r.End();
        return record;
    }
}
