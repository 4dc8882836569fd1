using Broker.CredentialZone.Store;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Integrity;

/// <summary>The last blocks of a chain, newest first, each held against the one after it.</summary>
internal static class ChainTail
{
    private const int FirstPage = 8;
    private const int LargestPage = 256;

    /// <summary>
    /// Checks that the chain ends where its row says: with the block of that hash, and with nothing behind it. Costs two look-ups.
    /// </summary>
    /// <exception cref="AlteredException">It does not.</exception>
    public static void CheckEnd(IZoneReader tables, ChainState end)
    {
        if (tables.Blocks(end.Chain, end.Length, 1).Count > 0)
        {
            throw Altered("a chain goes on behind its end");
        }

        if (end.Entered > end.Length || (end.Length == 0 && end.Hash != Digest.Zero))
        {
            throw Altered("a chain is shorter than what was entered of it");
        }

        if (end.Length > 0)
        {
            var last = tables.Blocks(end.Chain, end.Length - 1, 1);
            if (last.Count == 0 || Digest.Of(last[0].Block.Span) != end.Hash)
            {
                throw Altered("the last block of a chain is not the one at its end");
            }
        }
    }

    /// <summary>Reads back from the end, as far as the caller goes on.</summary>
    /// <exception cref="AlteredException">A block is missing, is another's, or is not the one that the next one follows.</exception>
    public static IEnumerable<(BlockRecord Record, Block Block)> Back(IZoneReader tables, ChainState end)
    {
        var (expected, above, size) = (end.Hash, end.Length, (ulong)FirstPage);
        while (above > 0)
        {
            var from = above - Math.Min(above, size);
            var page = tables.Blocks(end.Chain, from, (int)(above - from));
            for (var i = page.Count - 1; i >= 0; i--)
            {
                var block = Read(page[i], end.Chain, from + (ulong)i, expected);
                expected = block.Previous;
                yield return (page[i], block);
            }

            if ((ulong)page.Count != above - from)
            {
                throw Altered("a block is missing");
            }

            (above, size) = (from, Math.Min(size * 4, LargestPage));
        }
    }

    /// <summary>
    /// Whether the zone's ledger key signed the batch that the block stands in. Batches of an earlier key are not judged.
    /// </summary>
    /// <exception cref="AlteredException">The key that the batch names did not sign it, or the block is not in it.</exception>
    public static void CheckSignature(IZoneReader tables, BlockRecord record, Name cluster, PublicKey ledgerKey)
    {
        if (tables.Batch(record.Batch) is not { } batch)
        {
            throw Altered("a batch of the ledger is missing");
        }

        try
        {
            var receipt = new Receipt(record.Block, record.Index, record.PathDigests(), batch.Batch);
            if (batch.Batch.Read<Batch>().LedgerKey == ledgerKey.Fingerprint && receipt.Verify(ledgerKey, cluster) is null)
            {
                throw Altered("a block is not in the batch that the ledger's key signed");
            }
        }
        catch (MalformedException)
        {
            throw Altered("a batch of the ledger is not one");
        }
    }

    private static Block Read(BlockRecord record, string chain, ulong position, Digest expected)
    {
        if (Digest.Of(record.Block.Span) != expected)
        {
            throw Altered("a block is not the one that the next one follows");
        }

        try
        {
            var block = Statement.Read<Block>(record.Block.Span);
            return block.Chain == chain && block.Position == position && record.Position == position
                ? block
                : throw Altered("a block stands at another place than it says");
        }
        catch (MalformedException)
        {
            throw Altered("what stands in a chain is not a block");
        }
    }

    private static AlteredException Altered(string detail) => new(RefusalCode.LedgerAltered, detail);
}
