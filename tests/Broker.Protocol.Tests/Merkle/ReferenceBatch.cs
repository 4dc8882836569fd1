using System.Security.Cryptography;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Tests.Merkle;

/// <summary>RFC 9162, 2.1.1 and 2.1.3.1, written straight from the text: D[a:b] as lists.</summary>
internal static class ReferenceBatch
{
    /// <summary>MTH(D_n).</summary>
    public static byte[] Root(IReadOnlyList<Digest> d)
    {
        if (d.Count == 1)
        {
            return SHA256.HashData([0, .. d[0].ToArray()]);
        }

        var k = Split(d.Count);
        return SHA256.HashData([1, .. Root([.. d.Take(k)]), .. Root([.. d.Skip(k)])]);
    }

    /// <summary>PATH(m, D_n).</summary>
    public static List<Digest> Path(int m, IReadOnlyList<Digest> d)
    {
        if (d.Count == 1)
        {
            return [];
        }

        var k = Split(d.Count);
        return m < k
            ? [.. Path(m, [.. d.Take(k)]), new Digest(Root([.. d.Skip(k)]))]
            : [.. Path(m - k, [.. d.Skip(k)]), new Digest(Root([.. d.Take(k)]))];
    }

    /// <summary>On which side of the path each sibling stands, from the leaf upwards: index and count as the hashes see them.</summary>
    public static string Sides(int m, int n) =>
        n == 1 ? "" : m < Split(n) ? Sides(m, Split(n)) + "r" : Sides(m - Split(n), n - Split(n)) + "l";

    // The largest power of two smaller than n.
    private static int Split(int n)
    {
        var k = 1;
        while (k * 2 < n)
        {
            k *= 2;
        }

        return k;
    }
}
