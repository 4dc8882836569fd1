using System.Security.Cryptography;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.Protocol.Tests.Merkle;

/// <summary>The sparse Merkle tree over keys and values, written straight from its definition.</summary>
internal static class ReferenceTree
{
    private static readonly byte[] Empty = new byte[32];

    public static byte[] Leaf(byte[] key, byte[] value) => SHA256.HashData([0, .. key, .. value]);

    /// <summary>The root over keys and their values, from <paramref name="depth"/> downwards.</summary>
    public static byte[] Root(IReadOnlyList<(byte[] Key, byte[] Value)> entries, int depth = 0) => entries.Count switch
    {
        0 => Empty,
        1 => Leaf(entries[0].Key, entries[0].Value),
        _ => SHA256.HashData(
        [
            1,
            .. Root([.. entries.Where(e => !Bit(e.Key, depth))], depth + 1),
            .. Root([.. entries.Where(e => Bit(e.Key, depth))], depth + 1),
        ]),
    };

    /// <summary>The proof of a key, present or not: at each depth, what stands on the side to which the key does not lead.</summary>
    public static TreeProof ProofOf(IReadOnlyDictionary<Digest, Digest> tree, Digest key)
    {
        var path = key.ToArray();
        var present = new byte[32];
        var siblings = new List<TreeChild>();
        var rest = Entries(tree);
        for (var depth = 0; depth < 256; depth++)
        {
            var beside = rest.FindAll(e => Bit(e.Key, depth) != Bit(path, depth));
            rest = rest.FindAll(e => Bit(e.Key, depth) == Bit(path, depth));
            if (beside.Count > 0)
            {
                present[depth / 8] |= (byte)(1 << (7 - (depth % 8)));
                siblings.Insert(0, beside.Count == 1
                    ? TreeChild.Leaf(new Digest(beside[0].Key), new Digest(beside[0].Value))
                    : TreeChild.Node(new Digest(Root(beside, depth + 1))));
            }
        }

        return new(new Digest(present), siblings);
    }

    public static Digest RootOf(IReadOnlyDictionary<Digest, Digest> tree) => new(Root(Entries(tree)));

    /// <summary>The leaf of a key; zero where it is absent.</summary>
    public static Digest LeafOf(IReadOnlyDictionary<Digest, Digest> tree, Digest key) =>
        tree.TryGetValue(key, out var value) ? new Digest(Leaf(key.ToArray(), value.ToArray())) : Digest.Zero;

    private static bool Bit(byte[] key, int index) => ((key[index / 8] >> (7 - (index % 8))) & 1) == 1;

    private static List<(byte[] Key, byte[] Value)> Entries(IReadOnlyDictionary<Digest, Digest> tree) =>
        [.. tree.Select(l => (l.Key.ToArray(), l.Value.ToArray()))];
}
