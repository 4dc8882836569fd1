using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;

namespace Broker.Console.Audit;

/// <summary>Verifies the cluster's chain and gathers what it says of one customer's.</summary>
internal sealed class ClusterAudit(Name cluster, Name customer, LedgerKeys keys)
{
    private readonly List<(ulong Position, ChainHead Head)> _heads = [];

    public ChainReader Reader { get; } = new(cluster, Block.ClusterChain, keys);

    /// <summary>Verifies the next block.</summary>
    public void Next(byte[] receipt)
    {
        var block = Reader.Next(receipt);
        if (block.Kind == BlockKind.LedgerKey)
            return;
        if (Reader.Length == 1)
            throw Reader.BreakAtLast("ledger-key-unknown", "the cluster's chain begins with the ledger's key");
        if (block.Kind != BlockKind.ChainHead)
            return;
        ChainHead head;
        try
        {
            head = Statement.Read<ChainHead>(block.Body.Span);
        }
        catch (MalformedException)
        {
            throw Reader.BreakAtLast("body-malformed", "the block's body is not what its kind says");
        }

        if (head.Customer == customer)
            _heads.Add((Reader.Length - 1, head));
    }

    /// <summary>Compares the customer's chain with every head of it that the cluster's chain entered.</summary>
    public void Compare(ChainReader chain)
    {
        foreach (var (position, head) in _heads)
        {
            if (head.Position >= chain.Length)
            {
                throw new AuditException(
                    customer.Value, chain.Length, "tail-cut",
                    $"the cluster's chain knows block {head.Position} of this chain; the end is missing");
            }

            if (chain.HashAt(head.Position) != head.Hash)
            {
                throw new AuditException(
                    customer.Value, head.Position, "chain-head-differs",
                    $"the cluster's chain, at {position}, entered another block at this position");
            }
        }
    }
}
