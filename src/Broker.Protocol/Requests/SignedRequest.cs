using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Requests;

/// <summary>A user's signature.</summary>
/// <param name="User">Who signed.</param>
/// <param name="Value">64 bytes r ‖ s.</param>
public sealed record UserSignature(Name User, ReadOnlyMemory<byte> Value);

/// <summary>A request with its payload and signatures, as it travels, is journalled and stands in the ledger.</summary>
/// <param name="Statement">The encoding of a <see cref="Request"/>.</param>
/// <param name="Payload">The action's own encoding, whose SHA-256 is in the statement.</param>
/// <param name="Signatures">The requester's signature first, then co-signatures over the same bytes.</param>
public sealed record SignedRequest(
    ReadOnlyMemory<byte> Statement, ReadOnlyMemory<byte> Payload, IReadOnlyList<UserSignature> Signatures) : IStatement<SignedRequest>
{
    /// <summary>Most bytes of a payload: it never holds a ciphertext, only its hash.</summary>
    public const int MaxPayload = 64 * 1024;

    private const string Label = "broker/signed-request/1";

    /// <summary>SHA-256 of the statement: the request's name in intents and outcomes.</summary>
    public Digest Hash => Digest.Of(Statement.Span);

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Bytes(Statement.Span).Bytes(Payload.Span)
        .List(Signatures, static (w, s) => w.Name(s.User).Bytes(s.Value.Span)).ToArray();

    /// <inheritdoc/>
    public static SignedRequest Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var request = new SignedRequest(
            r.Bytes(4096).ToArray(),
            r.Bytes(MaxPayload).ToArray(),
            r.List(static (ref s) => new UserSignature(s.Name(), s.Exactly(PublicKey.SignatureLength).ToArray()), 4));
        r.End();
        return request;
    }
}
