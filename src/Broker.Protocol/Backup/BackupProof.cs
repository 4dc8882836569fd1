using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Backup;

/// <summary>
/// One row of a customer as a backup has it, with what shows that it stands under a head of that customer. Public as the backup is:
/// without the customer's key the row is ciphertext.
/// </summary>
/// <param name="Head">The backup's head, signed by the identity of its epoch.</param>
/// <param name="Id">The row's id; empty where the customer has no row.</param>
/// <param name="Row">The encoding of a <see cref="Directory.StoredRow"/>; empty where there is none.</param>
/// <param name="Proof">A <see cref="Merkle.TreeProof"/> in its bytes; empty where there is none.</param>
public sealed record BackupProof(Signed Head, string Id, ReadOnlyMemory<byte> Row, ReadOnlyMemory<byte> Proof) : IStatement<BackupProof>
{
    private const string Label = "broker/backup-proof/1";

    /// <summary>Whether the customer had a row.</summary>
    public bool HasRow => Id.Length > 0;

    /// <inheritdoc/>
    public byte[] Encode()
    {
        var writer = new EncWriter(Label);
        Signed.Write(writer, Head);
        return writer.Text(Id).Bytes(Row.Span).Bytes(Proof.Span).ToArray();
    }

    /// <inheritdoc/>
    public static BackupProof Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var proof = new BackupProof(Signed.ReadFrom(ref r), r.Text(), r.Bytes().ToArray(), r.Bytes().ToArray());
        r.End();
        return proof;
    }
}
