using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Store;

/// <summary>What becomes of one entry in a commit.</summary>
/// <param name="Key">Type and id.</param>
/// <param name="Statement">The new encoding, or null to remove it.</param>
/// <param name="Signature">The identity key's signature; empty for a row or a removal.</param>
internal sealed record EntryChange(EntryKey Key, ReadOnlyMemory<byte>? Statement, ReadOnlyMemory<byte> Signature)
{
    private Digest? _leafKey;
    private Digest? _value;

    /// <summary>The key of its leaf. Hashed once.</summary>
    public Digest LeafKey => _leafKey ??= Key.LeafKey;

    /// <summary>The value of its leaf: the hash of the statement, or zero. Hashed once.</summary>
    public Digest Value => _value ??= Statement is { } statement ? Digest.Of(statement.Span) : Digest.Zero;

    /// <summary>Whether it puts a row, new or in the place of another.</summary>
    public bool IsRow => Key.Type == EntryKey.RowType && Statement is not null;
}
