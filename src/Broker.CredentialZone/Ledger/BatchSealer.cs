using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Merkle;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Ledger;

/// <summary>Signs once over all blocks of a commit and stores them.</summary>
internal static class BatchSealer
{
    /// <summary>Builds the tree, signs its root, stores batch and blocks.</summary>
    /// <param name="writer">The transaction.</param>
    /// <param name="cluster">The installation.</param>
    /// <param name="signer">The ledger key.</param>
    /// <param name="blocks">The blocks, in order.</param>
    /// <param name="now">Time of record.</param>
    public static void Seal(IZoneWriter writer, Name cluster, LedgerSigner signer, List<PendingBlock> blocks, DateTimeOffset now)
    {
        for (var start = 0; start < blocks.Count; start += BatchTree.MaxBlocks)
        {
            SealOne(writer, cluster, signer, blocks.GetRange(start, Math.Min(BatchTree.MaxBlocks, blocks.Count - start)), now);
        }
    }

    private static void SealOne(
        IZoneWriter writer, Name cluster, LedgerSigner signer, List<PendingBlock> blocks, DateTimeOffset now)
    {
        var (root, paths) = BatchTree.Build(blocks.ConvertAll(static b => b.Hash));
        var statement = new Batch(cluster, signer.Key.Fingerprint, (uint)blocks.Count, root, now).Encode();
        var batch = new Signed(statement, signer.Sign(statement));
        var id = writer.AddBatch(batch.Statement.Span, batch.Signature.Span);
        for (var i = 0; i < blocks.Count; i++)
        {
            var block = blocks[i];
            block.Place((uint)i, paths[i], batch);
            writer.AddBlock(new BlockRecord(block.Chain, block.Position, block.Encoding, id, block.Index, block.PathBytes()));
        }
    }
}
