using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Broker.Protocol.Identifiers;

namespace Broker.Cluster;

/// <summary>
/// Rendezvous hashing (Thaler and Ravishankar, 1998): every node orders the members for a customer alike, without asking anybody, and a
/// member that comes or goes moves only the customers that it is first for.
/// </summary>
public static class Rendezvous
{
    /// <summary>The members in the order in which they are to hold a customer: owner first, then the warm holders.</summary>
    /// <param name="customer">The customer.</param>
    /// <param name="members">Whoever takes part. Only their nodes' names count, so a node that starts again keeps its places.</param>
    public static IReadOnlyList<Member> Order(Name customer, IEnumerable<Member> members) =>
        [.. members.Select(m => (Member: m, Score: Score(customer, m.Node)))
            .OrderByDescending(static m => m.Score).ThenBy(static m => m.Member.Node.Value, StringComparer.Ordinal)
            .Select(static m => m.Member)];

    // Names have no line feed, so no two pairs share a text.
    private static (ulong High, ulong Low) Score(Name customer, Name node)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"broker/placement/1\n{customer.Value}\n{node.Value}"), hash);
        return (BinaryPrimitives.ReadUInt64BigEndian(hash), BinaryPrimitives.ReadUInt64BigEndian(hash[sizeof(ulong)..]));
    }
}
