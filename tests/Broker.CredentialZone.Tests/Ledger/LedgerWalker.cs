using Broker.CredentialZone.Store;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;

namespace Broker.CredentialZone.Tests.Ledger;

/// <summary>Reads a whole chain as an auditor does, from receipts alone, and fails at the first thing that does not hold.</summary>
internal static class LedgerWalker
{
    public static IReadOnlyList<Block> Walk(ICredentialStore store, Name cluster, string chain, params IReadOnlyList<PublicKey> keys)
    {
        var blocks = new List<Block>();
        var previous = Digest.Zero;
        while (true)
        {
            var page = store.Ledger(chain, (ulong)blocks.Count, 7);
            foreach (var receipt in page.Receipts)
            {
                var signer = receipt.Batch.Read<Batch>().LedgerKey;
                var block = receipt.Verify(Assert.Single(keys, k => k.Fingerprint == signer), cluster);
                Assert.NotNull(block);
                Assert.Equal((chain, (ulong)blocks.Count, previous), (block.Chain, block.Position, block.Previous));
                previous = Digest.Of(receipt.Block.Span);
                blocks.Add(block);
            }

            if ((ulong)blocks.Count == page.Length)
            {
                return blocks;
            }

            Assert.NotEmpty(page.Receipts);
        }
    }

    public static Digest LastHash(IReadOnlyList<Block> blocks) => blocks.Count == 0 ? Digest.Zero : Digest.Of(blocks[^1].Encode());
}
