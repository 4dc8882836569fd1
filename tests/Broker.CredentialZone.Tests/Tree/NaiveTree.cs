using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tests.Tree;

/// <summary>The definition of the tree, computed from all leaves each time.</summary>
internal static class NaiveTree
{
    public static Digest Root(IReadOnlyDictionary<Digest, Digest> leaves) => Hash([.. leaves], 0);

    public static TreeProof Proof(IReadOnlyDictionary<Digest, Digest> leaves, Digest key)
    {
        var present = new byte[Digest.Length];
        var siblings = new List<Digest>();
        List<KeyValuePair<Digest, Digest>> at = [.. leaves];
        for (var depth = 0; depth < TreeHash.Depth; depth++)
        {
            var side = key.Bit(depth);
            var sibling = Hash(at.FindAll(l => l.Key.Bit(depth) != side), depth + 1);
            at = at.FindAll(l => l.Key.Bit(depth) == side);
            if (sibling != Digest.Zero)
            {
                present[depth >> 3] |= (byte)(0x80 >> (depth & 7));
                siblings.Insert(0, sibling);
            }
        }

        return new TreeProof(new Digest(present), siblings);
    }

    private static Digest Hash(List<KeyValuePair<Digest, Digest>> leaves, int depth) => leaves.Count switch
    {
        0 => Digest.Zero,
        _ when depth == TreeHash.Depth => leaves[0].Value,
        _ => TreeHash.Node(
            Hash(leaves.FindAll(l => !l.Key.Bit(depth)), depth + 1), Hash(leaves.FindAll(l => l.Key.Bit(depth)), depth + 1)),
    };
}
