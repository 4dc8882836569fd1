using Broker.Links.Identity;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Merkle;
using Broker.Protocol.Statements;

namespace Broker.Console.Tests.Support;

/// <summary>A chain with real receipts: batches of blocks, each signed by a ledger key.</summary>
internal static class TestLedger
{
    /// <summary>Blocks of a batch where nothing else is asked for.</summary>
    public const int BatchSize = 3;

    /// <summary>Chains and signs.</summary>
    public static List<byte[]> Seal(
        InstallationKey ledger, Name cluster, string chain, IEnumerable<(string Kind, byte[] Body)> bodies, DateTimeOffset time,
        int batchSize = BatchSize)
    {
        var blocks = new List<byte[]>();
        var previous = Digest.Zero;
        foreach (var (kind, body) in bodies)
        {
            blocks.Add(new Block(cluster, chain, (ulong)blocks.Count, previous, time, kind, body).Encode());
            previous = Digest.Of(blocks[^1]);
        }

        return [.. blocks.Chunk(batchSize).SelectMany(batch => Receipts(ledger, cluster, batch, time))];
    }

    public static Digest HashOf(byte[] receipt) => Digest.Of(Statement.Read<Receipt>(receipt).Block.Span);

    private static IEnumerable<byte[]> Receipts(InstallationKey ledger, Name cluster, byte[][] blocks, DateTimeOffset time)
    {
        var (root, paths) = BatchTree.Build([.. blocks.Select(static b => Digest.Of(b))]);
        var statement = new Batch(cluster, ledger.PublicKey.Fingerprint, (uint)blocks.Length, root, time).Encode();
        var batch = new Signed(statement, ledger.Sign(statement));
        return blocks.Select((b, i) => new Receipt(b, (uint)i, paths[i], batch).Encode());
    }
}
