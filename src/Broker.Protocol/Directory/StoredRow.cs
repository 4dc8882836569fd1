using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Directory;

/// <summary>A row as the credential zone keeps it: header, salt, key commitment and AES-256-GCM ciphertext with its tag.</summary>
/// <param name="Header">The encoding of a <see cref="RowHeader"/>: the associated data.</param>
/// <param name="Salt">32 bytes, fresh for every write, so that the row key is used once.</param>
/// <param name="Commitment">32 bytes that only the right row key gives.</param>
/// <param name="Ciphertext">Ciphertext ‖ 16-byte tag.</param>
public sealed record StoredRow(
    ReadOnlyMemory<byte> Header, ReadOnlyMemory<byte> Salt, ReadOnlyMemory<byte> Commitment, ReadOnlyMemory<byte> Ciphertext)
    : IStatement<StoredRow>
{
    /// <summary>Bytes of the salt and of the commitment.</summary>
    public const int SaltLength = 32;

    internal const string Label = "broker/stored-row/1";

    /// <summary>Most bytes of the header.</summary>
    internal const int MaxHeader = 1024;

    /// <inheritdoc/>
    public byte[] Encode() =>
        new EncWriter(Label).Bytes(Header.Span).Bytes(Salt.Span).Bytes(Commitment.Span).Bytes(Ciphertext.Span).ToArray();

    /// <summary>Reads what a row is, without the row.</summary>
    /// <exception cref="MalformedException">It does not begin like a row.</exception>
    public static RowHeader ReadHeader(ReadOnlySpan<byte> encoding) =>
        Statement.Read<RowHeader>(new EncReader(encoding, Label).Bytes(MaxHeader));

    /// <inheritdoc/>
    public static StoredRow Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var row = new StoredRow(
            r.Bytes(MaxHeader).ToArray(), r.Exactly(SaltLength).ToArray(), r.Exactly(SaltLength).ToArray(),
            r.Bytes(CredentialKinds.MaxLength + 16).ToArray());
        r.End();
        return row;
    }
}
