using Broker.CredentialZone.Store;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Integrity;

/// <summary>Walks a whole chain: positions, links, places in signed batches, and its end.</summary>
/// <param name="tables">One snapshot.</param>
/// <param name="cluster">This installation.</param>
/// <param name="keys">The ledger keys that were entered so far; the cluster's chain enters them while it is walked.</param>
internal sealed class ChainWalk(IZoneReader tables, Name cluster, WalkedKeys keys)
{
    private const int Page = 256;

    private readonly VerifiedBatches _batches = new();
    private (long Id, Signed Batch)? _batch;

    /// <summary>Walks.</summary>
    /// <exception cref="AlteredException">It breaks.</exception>
    public IEnumerable<(Block Block, Digest Hash)> Walk(string chain)
    {
        var end = tables.Chain(chain);
        ChainTail.CheckEnd(tables, end);
        var previous = Digest.Zero;
        for (ulong position = 0; position < end.Length;)
        {
            var page = tables.Blocks(chain, position, Page);
            if (page.Count == 0)
            {
                throw Broken(position, "a block is missing");
            }

            foreach (var record in page)
            {
                var block = Read(record, chain, position, previous);
                previous = Digest.Of(record.Block.Span);
                yield return (block, previous);
                position++;
            }
        }
    }

    private Block Read(BlockRecord record, string chain, ulong position, Digest previous)
    {
        try
        {
            var block = Statement.Read<Block>(record.Block.Span);
            if (block.Chain != chain || block.Position != position || record.Position != position || block.Previous != previous)
            {
                throw Broken(position, "the block does not follow the one before it");
            }

            if (_batch?.Id != record.Batch)
            {
                _batch = (record.Batch, tables.Batch(record.Batch)?.Batch ?? throw Broken(position, "its batch is missing"));
            }

            var signed = _batch.Value.Batch;
            var batch = signed.Read<Batch>();
            if (block is { Chain: Block.ClusterChain, Kind: BlockKind.LedgerKey })
            {
                keys.Enter(block, batch);
            }

            return keys.Find(batch.LedgerKey) is { } key &&
                new Receipt(record.Block, record.Index, record.PathDigests(), signed).Verify(key, cluster, _batches) is not null
                ? block
                : throw Broken(position, "the block is not in a batch that a ledger key of this installation signed");
        }
        catch (MalformedException)
        {
            throw Broken(position, "block or batch do not have their form");
        }
    }

    private static AlteredException Broken(ulong position, string detail) =>
        new(RefusalCode.LedgerAltered, $"position {position}: {detail}");
}
