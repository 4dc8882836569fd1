using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Merkle;
using Broker.Protocol.Statements;
using Broker.Protocol.Tests.Support;

namespace Broker.Protocol.Tests.Ledger;

public class ReceiptSpecs
{
    private const int Count = 7;

    private static readonly Name Cluster = Name.Parse("cluster-1");
    private static readonly PublicKey Key = TestKey.Ledger.Public;
    private static readonly Receipt[] Receipts = Commit(Cluster, TestKey.Ledger, Key.Fingerprint);

    [Fact]
    public void Receipt_should_give_its_block()
    {
        for (var i = 0; i < Count; i++)
        {
            var block = Statement.Read<Receipt>(Receipts[i].Encode()).Verify(Key, Cluster);
            Assert.Equal((ulong)i, block?.Position);
        }
    }

    [Fact]
    public void Tampered_block_should_not_hold()
    {
        var receipt = Receipts[3];
        for (var bit = 0; bit < receipt.Block.Length * 8; bit++)
        {
            var block = receipt.Block.ToArray();
            block[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Null((receipt with { Block = block }).Verify(Key, Cluster));
        }

        Assert.Null((receipt with { Block = Receipts[4].Block }).Verify(Key, Cluster));
        Assert.Null((receipt with { Block = default }).Verify(Key, Cluster));
    }

    [Fact]
    public void Another_index_should_not_hold()
    {
        foreach (var index in (uint[])[0, 1, 2, 4, 5, 6, 7, 8, uint.MaxValue])
        {
            Assert.Null((Receipts[3] with { Index = index }).Verify(Key, Cluster));
        }
    }

    [Fact]
    public void Tampered_path_should_not_hold()
    {
        var (receipt, path) = (Receipts[3], Receipts[3].Path);
        Assert.Null((receipt with { Path = [] }).Verify(Key, Cluster));
        Assert.Null((receipt with { Path = [.. path.Skip(1)] }).Verify(Key, Cluster));
        Assert.Null((receipt with { Path = [.. path, Digest.Zero] }).Verify(Key, Cluster));
        Assert.Null((receipt with { Path = [.. path.Reverse()] }).Verify(Key, Cluster));
        Assert.Null((receipt with { Path = [TreePath.Flip(path[0], 9), .. path.Skip(1)] }).Verify(Key, Cluster));
    }

    [Fact]
    public void Tampered_batch_should_not_hold()
    {
        var receipt = Receipts[3];
        for (var bit = 0; bit < receipt.Batch.Statement.Length * 8; bit++)
        {
            var statement = receipt.Batch.Statement.ToArray();
            statement[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Null((receipt with { Batch = receipt.Batch with { Statement = statement } }).Verify(Key, Cluster));
        }

        foreach (var signature in (byte[][])[[], new byte[64], new byte[65], [.. Enumerable.Repeat((byte)0xFF, 64)]])
        {
            Assert.Null((receipt with { Batch = receipt.Batch with { Signature = signature } }).Verify(Key, Cluster));
        }
    }

    [Fact]
    public void Another_ledger_key_should_not_hold()
    {
        Assert.Null(Receipts[3].Verify(TestKey.Bob.Public, Cluster));
        Assert.Null(Commit(Cluster, TestKey.Bob, Key.Fingerprint)[3].Verify(Key, Cluster));
        Assert.Null(Commit(Cluster, TestKey.Ledger, TestKey.Bob.Public.Fingerprint)[3].Verify(Key, Cluster));
        Assert.Null(Commit(Cluster, TestKey.Bob, TestKey.Bob.Public.Fingerprint)[3].Verify(Key, Cluster));
    }

    [Fact]
    public void Another_cluster_should_not_hold()
    {
        var other = Name.Parse("cluster-2");
        Assert.Null(Receipts[3].Verify(Key, other));
        Assert.Null(Commit(Cluster, TestKey.Ledger, Key.Fingerprint, batchCluster: other)[3].Verify(Key, Cluster));
        Assert.Null(Commit(other, TestKey.Ledger, Key.Fingerprint, batchCluster: Cluster)[3].Verify(Key, Cluster));
    }

    [Fact]
    public void Batch_of_another_count_should_not_hold()
    {
        foreach (var count in (uint[])[0, 1, 3, uint.MaxValue])
        {
            Assert.Null(Commit(Cluster, TestKey.Ledger, Key.Fingerprint, count: count)[3].Verify(Key, Cluster));
        }
    }

    private static Receipt[] Commit(Name cluster, TestKey signer, Digest ledgerKey, Name? batchCluster = null, uint count = Count)
    {
        var blocks = Enumerable.Range(0, Count).Select(i => new Block(
            cluster, "acme", (ulong)i, Digest.Of([(byte)i]), DateTimeOffset.UnixEpoch, BlockKind.Intent,
            new byte[] { 1, 2 }).Encode()).ToList();
        var (root, paths) = BatchTree.Build([.. blocks.Select(b => Digest.Of(b))]);
        var batch = signer.Sign(new Batch(batchCluster ?? cluster, ledgerKey, count, root, DateTimeOffset.UnixEpoch));
        return [.. blocks.Select((block, i) => new Receipt(block, (uint)i, paths[i], batch))];
    }
}
