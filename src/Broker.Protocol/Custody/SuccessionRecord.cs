using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Custody;

/// <summary>
/// A succession as an entry under the head: the statement with the old identity's signature. The entry's own signature is the new
/// identity's, so that both have signed.
/// </summary>
/// <param name="Succession">The encoding of a <see cref="Custody.Succession"/>.</param>
/// <param name="OldSignature">The old identity's signature over it; empty where the old secret is compromised.</param>
public sealed record SuccessionRecord(ReadOnlyMemory<byte> Succession, ReadOnlyMemory<byte> OldSignature) : IStatement<SuccessionRecord>
{
    private const string Label = "broker/succession-record/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Bytes(Succession.Span).Bytes(OldSignature.Span).ToArray();

    /// <inheritdoc/>
    public static SuccessionRecord Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var record = new SuccessionRecord(r.Bytes(1024).ToArray(), r.Bytes(PublicKey.SignatureLength).ToArray());
        r.End();
        return record;
    }

    /// <summary>Reads the statement.</summary>
    /// <exception cref="MalformedException">It is not one.</exception>
    public Succession Read() => Statement.Read<Succession>(Succession.Span);

    /// <summary>
    /// Whether the signature is the one that the statement asks for: the old identity's, or none where that is compromised.
    /// </summary>
    /// <param name="succession">What <see cref="Read"/> gave.</param>
    public bool IsSigned(Succession succession) => succession.Compromised
        ? OldSignature.IsEmpty
        : succession.Old.Verify(Succession.Span, OldSignature.Span);
}
