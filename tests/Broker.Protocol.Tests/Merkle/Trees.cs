using Broker.Protocol.Identifiers;
using Broker.Protocol.Tests.Support;

namespace Broker.Protocol.Tests.Merkle;

/// <summary>Trees with the keys that are hard: neighbours that part at the first, at the last and at any bit.</summary>
internal static class Trees
{
    public static Dictionary<Digest, Digest> Of(Seeded random, int count)
    {
        var tree = new Dictionary<Digest, Digest>();
        while (tree.Count < count)
        {
            var key = tree.Count > 0 && random.Below(3) > 0 ? Neighbour([.. tree.Keys], random) : random.NextDigest();
            tree[key] = random.NextDigest();
        }

        return tree;
    }

    /// <summary>A key with the first bits of one in the tree, the next one turned, and the rest the same or random.</summary>
    public static Digest Neighbour(IReadOnlyList<Digest> keys, Seeded random)
    {
        var bytes = random.Of(keys).ToArray();
        var shared = random.Below(4) switch { 0 => 255, 1 => 248 + random.Below(8), 2 => 8 * random.Below(32), _ => random.Below(256) };
        bytes[shared / 8] ^= (byte)(1 << (7 - (shared % 8)));
        if (random.Below(2) == 0)
        {
            var noise = random.Bytes(32);
            for (var bit = shared + 1; bit < 256; bit++)
            {
                bytes[bit / 8] ^= (byte)(noise[bit / 8] & (1 << (7 - (bit % 8))));
            }
        }

        return new Digest(bytes);
    }

    /// <summary>A key that is not in the tree, near one that is or far from all.</summary>
    public static Digest Absent(IReadOnlyDictionary<Digest, Digest> tree, Seeded random)
    {
        while (true)
        {
            var key = tree.Count > 0 && random.Below(2) == 0 ? Neighbour([.. tree.Keys], random) : random.NextDigest();
            if (!tree.ContainsKey(key))
            {
                return key;
            }
        }
    }
}
