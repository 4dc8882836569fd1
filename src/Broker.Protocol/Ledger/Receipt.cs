using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Ledger;

/// <summary>The zone's proof that a block is in the ledger: the block, its place in a batch, the batch with its signature.</summary>
/// <param name="Block">The encoding of a <see cref="Ledger.Block"/>.</param>
/// <param name="Index">Index in the batch.</param>
/// <param name="Path">Siblings from the block's leaf upwards.</param>
/// <param name="Batch">The encoding of a <see cref="Ledger.Batch"/> and its signature.</param>
public sealed record Receipt(ReadOnlyMemory<byte> Block, uint Index, IReadOnlyList<Digest> Path, Signed Batch) : IStatement<Receipt>
{
    private const string Label = "broker/receipt/1";

    /// <inheritdoc/>
    public byte[] Encode()
    {
        var writer = new EncWriter(Label).Bytes(Block.Span).U32(Index).List(Path, static (w, d) => w.Digest(d));
        Signed.Write(writer, Batch);
        return writer.ToArray();
    }

    /// <inheritdoc/>
    public static Receipt Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var receipt = new Receipt(
            r.Bytes().ToArray(), r.U32(), r.List(static (ref d) => d.Digest(), 12), Signed.ReadFrom(ref r));
        r.End();
        return receipt;
    }

    /// <summary>
    /// Verifies place and signature: that the block is in the ledger, not that it is the one that was asked for. The caller
    /// compares chain, kind and body.
    /// </summary>
    /// <param name="ledgerKey">The key that the zone's ledger certificate has.</param>
    /// <param name="cluster">This installation.</param>
    /// <param name="verified">Batches that the caller has verified before under the same key; their signature is not verified
    /// again.</param>
    /// <returns>The block, or null when the receipt does not hold.</returns>
    public Block? Verify(PublicKey ledgerKey, Name cluster, VerifiedBatches? verified = null)
    {
        try
        {
            var batch = Batch.Read<Batch>();
            var block = Statements.Statement.Read<Block>(Block.Span);
            return batch.Cluster == cluster && block.Cluster == cluster && batch.LedgerKey == ledgerKey.Fingerprint &&
                BatchTree.Root(Digest.Of(Block.Span), Index, batch.Count, Path) == batch.Root &&
                (verified?.IsBy(Batch, ledgerKey) ?? Batch.IsBy(ledgerKey))
                ? block
                : null;
        }
        catch (MalformedException)
        {
            return null;
        }
    }
}
