using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Statements;

/// <summary>The bytes of a statement and one signature over them, as they travel and are stored.</summary>
/// <param name="Statement">The encoding.</param>
/// <param name="Signature">64 bytes r ‖ s.</param>
public sealed record Signed(ReadOnlyMemory<byte> Statement, ReadOnlyMemory<byte> Signature)
{
    /// <summary>SHA-256 of the statement.</summary>
    public Digest Hash => Digest.Of(Statement.Span);

    /// <summary>Whether <paramref name="key"/> signed the statement.</summary>
    public bool IsBy(PublicKey key) => key.Verify(Statement.Span, Signature.Span);

    /// <summary>Reads the statement without looking at the signature.</summary>
    /// <exception cref="MalformedException">The bytes are not the encoding of a <typeparamref name="T"/>.</exception>
    public T Read<T>()
        where T : IStatement<T> => Statements.Statement.Read<T>(Statement.Span);

    /// <summary>Appends both as two fields.</summary>
    public static void Write(EncWriter writer, Signed value) => writer.Bytes(value.Statement.Span).Bytes(value.Signature.Span);

    /// <summary>Reads both.</summary>
    public static Signed ReadFrom(ref EncReader reader) =>
        new(reader.Bytes().ToArray(), reader.Exactly(PublicKey.SignatureLength).ToArray());
}
