using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Transfer;

/// <summary>One signature under an admission.</summary>
/// <param name="Signer">A person of the admission list, or the node whose key actor gave a ticket.</param>
/// <param name="Value">64 bytes r ‖ s.</param>
public sealed record AdmissionSignature(Name Signer, ReadOnlyMemory<byte> Value);

/// <summary>Why an incarnation may be handed customers' secrets. Public: what proves it is its signatures, and a ticket's key.</summary>
/// <param name="Kind">A constant of <see cref="AdmissionKind"/>.</param>
/// <param name="Statement">
/// The encoding of a <see cref="DrainTicket"/> or of a <see cref="NodeAdmission"/>, as the kind says; empty for <c>auto</c>.
/// </param>
/// <param name="Signatures">Over the statement.</param>
public sealed record Admission(string Kind, ReadOnlyMemory<byte> Statement, IReadOnlyList<AdmissionSignature> Signatures)
    : IStatement<Admission>
{
    private const string Label = "broker/admission/1";
    private const int MaxStatement = 1024;
    private const int MaxSignatures = 4;

    /// <summary>Nobody vouches: for holders that are configured to hand over all the same.</summary>
    public static Admission Auto { get; } = new(AdmissionKind.Auto, default, []);

    /// <summary>A ticket as its issuer signed it.</summary>
    public static Admission Of(DrainTicket ticket, ReadOnlyMemory<byte> signature) =>
        new(AdmissionKind.Ticket, ticket.Encode(), [new AdmissionSignature(ticket.HolderNode, signature)]);

    /// <summary>SHA-256 of the encoding.</summary>
    public Digest Hash() => Digest.Of(Encode());

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Text(Kind).Bytes(Statement.Span)
        .List(Signatures, static (w, s) => w.Name(s.Signer).Bytes(s.Value.Span)).ToArray();

    /// <inheritdoc/>
    public static Admission Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var admission = new Admission(
            r.Text(),
            r.Bytes(MaxStatement).ToArray(),
            r.List(
                static (ref s) => new AdmissionSignature(s.Name(), s.Exactly(PublicKey.SignatureLength).ToArray()), MaxSignatures));
        r.End();
        return admission;
    }
}
