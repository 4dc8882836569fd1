using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tests.Tree;

/// <summary>The definition of the tree over keys and values, computed from all of them each time.</summary>
internal static class NaiveTree
{
    public static Digest Root(IReadOnlyDictionary<Digest, Digest> values) => At([.. values], 0).Subtree.Hash;

    public static TreeProof Proof(IReadOnlyDictionary<Digest, Digest> values, Digest key)
    {
        var present = new byte[Digest.Length];
        var siblings = new List<TreeChild>();
        List<KeyValuePair<Digest, Digest>> at = [.. values];
        for (var depth = 0; depth < TreeHash.Depth; depth++)
        {
            var side = key.Bit(depth);
            var sibling = At(at.FindAll(l => l.Key.Bit(depth) != side), depth + 1);
            at = at.FindAll(l => l.Key.Bit(depth) == side);
            if (sibling != TreeChild.Empty)
            {
                present[depth >> 3] |= (byte)(0x80 >> (depth & 7));
                siblings.Insert(0, sibling);
            }
        }

        return new TreeProof(new Digest(present), siblings);
    }

    private static TreeChild At(List<KeyValuePair<Digest, Digest>> values, int depth) => values.Count switch
    {
        0 => TreeChild.Empty,
        1 => TreeChild.Leaf(values[0].Key, values[0].Value),
        _ => TreeChild.Node(TreeHash.Node(
            At(values.FindAll(l => !l.Key.Bit(depth)), depth + 1).Subtree.Hash,
            At(values.FindAll(l => l.Key.Bit(depth)), depth + 1).Subtree.Hash)),
    };
}
