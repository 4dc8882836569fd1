using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;

namespace Broker.Console.Audit;

/// <summary>Verifies what every chain has: positions, links, receipts, times, and the keys that sign batches.</summary>
/// <param name="cluster">The installation.</param>
/// <param name="chain">The chain.</param>
/// <param name="keys">Ledger keys that were entered so far; shared by both chains.</param>
internal sealed class ChainReader(Name cluster, string chain, LedgerKeys keys)
{
    private readonly List<Digest> _hashes = [];
    private DateTimeOffset _time;

    /// <summary>Blocks verified.</summary>
    public ulong Length => (ulong)_hashes.Count;

    /// <summary>Hash of the block at a position that was verified.</summary>
    public Digest HashAt(ulong position) => _hashes[(int)position];

    /// <summary>Verifies the next receipt.</summary>
    /// <returns>Its block.</returns>
    /// <exception cref="AuditException">It does not hold.</exception>
    public Block Next(byte[] receipt)
    {
        Receipt read;
        Block block;
        Batch batch;
        try
        {
            read = Statement.Read<Receipt>(receipt);
            block = Statement.Read<Block>(read.Block.Span);
            batch = read.Batch.Read<Batch>();
        }
        catch (MalformedException)
        {
            throw Break("receipt-malformed", "this is not a receipt");
        }

        if (block.Cluster != cluster || block.Chain != chain)
            throw Break("block-of-another", "the block is of another chain or installation");
        if (block.Position != Length)
            throw Break("position-wrong", $"the block says position {block.Position}: blocks are missing, repeated or out of order");
        if (block.Previous != (_hashes.Count == 0 ? Digest.Zero : _hashes[^1]))
            throw Break("link-broken", "the block does not follow the one before it");
        if (block.Time < _time)
            throw Break("time-backwards", "time of record runs backwards");
        if (chain == Block.ClusterChain && block.Kind == BlockKind.LedgerKey)
            keys.Enter(block, batch, Length == 0, Break);
        if (keys.Find(batch.LedgerKey) is not { } key)
            throw Break("ledger-key-unknown", "the batch is signed by a key that the cluster's chain did not enter");
        if (read.Verify(key, cluster) is null)
            throw Break("receipt-forged", "the receipt's path or the batch's signature does not hold");
        _hashes.Add(Digest.Of(read.Block.Span));
        _time = block.Time;
        return block;
    }

    /// <summary>An error at the block that is being read.</summary>
    public AuditException Break(string code, string detail) => new(chain, Length, code, detail);

    /// <summary>An error at the block that was read last.</summary>
    public AuditException BreakAtLast(string code, string detail) => new(chain, Length - 1, code, detail);
}
