using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Transfer;

/// <summary>
/// Body of a transfer block: the intent with all that it was decided by, so that it can be verified later with the root alone.
/// </summary>
/// <param name="Intent">The <see cref="TransferIntent"/>, signed by the identity key.</param>
/// <param name="Request">The <see cref="TransferRequest"/>, signed by the incarnation's key.</param>
/// <param name="TicketSignature">The ticket key's signature over the request; empty for other admissions.</param>
/// <param name="Admission">The encoding of the <see cref="Transfer.Admission"/>.</param>
/// <param name="Incarnation">The <see cref="Custody.Incarnation"/>, signed by the node's certificate key.</param>
/// <param name="Certificates">DER: the node's certificate and what leads to the root.</param>
public sealed record TransferRecord(
    Signed Intent,
    Signed Request,
    ReadOnlyMemory<byte> TicketSignature,
    ReadOnlyMemory<byte> Admission,
    Signed Incarnation,
    IReadOnlyList<ReadOnlyMemory<byte>> Certificates) : IStatement<TransferRecord>
{
    /// <summary>Most bytes of one certificate.</summary>
    public const int MaxCertificate = 8 * 1024;

    /// <summary>Most certificates of a chain.</summary>
    public const int MaxCertificates = 3;

    private const string Label = "broker/transfer-record/1";

    /// <inheritdoc/>
    public byte[] Encode()
    {
        var writer = new EncWriter(Label);
        Signed.Write(writer, Intent);
        Signed.Write(writer, Request);
        writer.Bytes(TicketSignature.Span).Bytes(Admission.Span);
        Signed.Write(writer, Incarnation);
        return writer.List(Certificates, static (w, c) => w.Bytes(c.Span)).ToArray();
    }

    /// <inheritdoc/>
    public static TransferRecord Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var record = new TransferRecord(
            Signed.ReadFrom(ref r), Signed.ReadFrom(ref r), r.Bytes(64).ToArray(), r.Bytes(4096).ToArray(), Signed.ReadFrom(ref r),
            r.List<ReadOnlyMemory<byte>>(static (ref c) => c.Bytes(MaxCertificate).ToArray(), MaxCertificates));
        r.End();
        return record;
    }
}
