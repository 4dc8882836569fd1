using System.Buffers.Binary;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Sqlite;

/// <summary>
/// Where a row stands in its table: a customer's rows together, in the order of their keys in its tree. A rotation goes in that order, so
/// that a batch of it changes few pages of the table, of the index by epoch and of the tree. Nothing but speed hangs on it.
/// </summary>
internal static class SqlitePlace
{
    private const int KeyBits = 48;

    /// <summary>
    /// What the ids of a customer's rows begin with: negative, so that the ids that the database gives go on behind the others; then 15
    /// bits of the customer's hash.
    /// </summary>
    /// <param name="customer">The customer.</param>
    public static long Of(Name customer)
    {
        Span<byte> name = stackalloc byte[Name.MaxLength];
        var of = First(Digest.Of(name[..System.Text.Encoding.ASCII.GetBytes(customer.Value, name)])) >> (KeyBits + 1);
        return unchecked((long)((1UL << 63) | (of << KeyBits)));
    }

    /// <summary>The row id: behind the customer's beginning 48 bits of the key in the tree. Two rows may have the same.</summary>
    /// <param name="customer">The customer's beginning.</param>
    /// <param name="leaf">The row's key in the tree.</param>
    public static long Of(long customer, Digest leaf) => customer | (long)(First(leaf) >> (64 - KeyBits));

    private static ulong First(Digest digest)
    {
        Span<byte> bytes = stackalloc byte[Digest.Length];
        digest.CopyTo(bytes);
        return BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }
}
