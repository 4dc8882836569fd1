using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.Protocol.Tests.Merkle;

public class BatchTreeSpecs
{
    private const int Most = 70;

    private static readonly Digest[] Blocks = [.. Enumerable.Range(0, Most).Select(i => Digest.Of([(byte)i]))];

    [Fact]
    public void Root_and_paths_should_be_those_of_rfc_9162()
    {
        for (var count = 1; count <= Most; count++)
        {
            var blocks = Blocks[..count];
            var (root, paths) = BatchTree.Build(blocks);
            Assert.Equal(new Digest(ReferenceBatch.Root(blocks)), root);
            for (var index = 0; index < count; index++)
            {
                Assert.Equal(ReferenceBatch.Path(index, blocks), paths[index]);
                Assert.Equal(root, BatchTree.Root(blocks[index], (uint)index, (uint)count, paths[index]));
            }
        }
    }

    [Fact]
    public void Wrong_index_should_not_lead_to_the_root()
    {
        for (var count = 1; count <= Most; count++)
        {
            var (root, paths) = BatchTree.Build(Blocks[..count]);
            for (var index = 0; index < count; index++)
            {
                for (var wrong = 0; wrong <= count + 1; wrong++)
                {
                    if (wrong != index)
                    {
                        Assert.NotEqual(root, RootOrNull(Blocks[index], (uint)wrong, (uint)count, paths[index]));
                    }
                }
            }
        }
    }

    // The count itself is signed in the batch. By the path alone, counts differ only where a sibling changes sides.
    [Fact]
    public void Wrong_count_should_not_lead_to_the_root_where_the_path_has_another_shape()
    {
        for (var count = 1; count <= Most; count++)
        {
            var (root, paths) = BatchTree.Build(Blocks[..count]);
            for (var index = 0; index < count; index++)
            {
                for (var wrong = 0; wrong <= Most; wrong++)
                {
                    var sameShape = wrong > index && ReferenceBatch.Sides(index, wrong) == ReferenceBatch.Sides(index, count);
                    Assert.Equal(sameShape, RootOrNull(Blocks[index], (uint)index, (uint)wrong, paths[index]) == root);
                }
            }
        }
    }

    [Fact]
    public void Wrong_path_or_block_should_not_lead_to_the_root()
    {
        foreach (var count in (int[])[1, 2, 3, 7, 8, 9, 64, 70])
        {
            var (root, paths) = BatchTree.Build(Blocks[..count]);
            for (var index = 0; index < count; index++)
            {
                var path = paths[index];
                Assert.NotEqual(root, RootOrNull(Digest.Of([255, 255]), (uint)index, (uint)count, path));
                Assert.Throws<MalformedException>(() => BatchTree.Root(Blocks[index], (uint)index, (uint)count, [.. path, root]));
                for (var i = 0; i < path.Count; i++)
                {
                    Digest[] changed = [.. path.Take(i), TreePath.Flip(path[i], index), .. path.Skip(i + 1)];
                    Assert.NotEqual(root, RootOrNull(Blocks[index], (uint)index, (uint)count, changed));
                    Digest[] shorter = [.. path.Take(i), .. path.Skip(i + 1)];
                    Assert.Throws<MalformedException>(() => BatchTree.Root(Blocks[index], (uint)index, (uint)count, shorter));
                }
            }
        }
    }

    [Fact]
    public void Leaf_and_node_should_be_hashed_apart()
    {
        var (a, b) = (Blocks[0], Blocks[1]);
        Assert.Equal(Digest.Of([0, .. a.ToArray()]), BatchTree.Build([a]).Root);
        Assert.Equal(
            Digest.Of([1, .. Digest.Of([0, .. a.ToArray()]).ToArray(), .. Digest.Of([0, .. b.ToArray()]).ToArray()]),
            BatchTree.Build([a, b]).Root);

        // An inner node offered as a block, on a path that is shorter by its level, is hashed as a leaf and does not fit.
        var (root, paths) = BatchTree.Build(Blocks[..4]);
        Assert.NotEqual(root, BatchTree.Root(BatchTree.Build([a, b]).Root, 0, 2, [.. paths[0].Skip(1)]));
    }

    [Fact]
    public void Index_and_count_should_be_bounded()
    {
        Assert.Throws<MalformedException>(() => BatchTree.Root(Blocks[0], 0, 0, []));
        Assert.Throws<MalformedException>(() => BatchTree.Root(Blocks[0], 0, BatchTree.MaxBlocks + 1, new Digest[13]));
        Assert.Throws<MalformedException>(() => BatchTree.Root(Blocks[0], uint.MaxValue, uint.MaxValue, []));
        Assert.Throws<MalformedException>(() => BatchTree.Root(Blocks[0], 0, 1, [Blocks[1]]));
    }

    // A batch of nothing has no root. It was once an endless recursion, which no handler catches.
    [Fact]
    public void Batch_should_have_1_to_4096_blocks()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchTree.Build([]));
        Assert.Throws<ArgumentOutOfRangeException>(() => BatchTree.Build(new Digest[BatchTree.MaxBlocks + 1]));
        var (root, paths) = BatchTree.Build(new Digest[BatchTree.MaxBlocks]);
        Assert.Equal(root, BatchTree.Root(default, 4095, BatchTree.MaxBlocks, paths[4095]));
    }

    private static Digest? RootOrNull(Digest block, uint index, uint count, IReadOnlyList<Digest> path)
    {
        try
        {
            return BatchTree.Root(block, index, count, path);
        }
        catch (MalformedException)
        {
            return null;
        }
    }
}
