using Broker.Protocol.Directory;

namespace Broker.CredentialZone.Store;

/// <summary>What becomes of one entry in a commit.</summary>
/// <param name="Key">Type and id.</param>
/// <param name="Statement">The new encoding, or null to remove it.</param>
/// <param name="Signature">The identity key's signature; empty for a row or a removal.</param>
internal sealed record EntryChange(EntryKey Key, ReadOnlyMemory<byte>? Statement, ReadOnlyMemory<byte> Signature)
{
    /// <summary>The header of a row; null of anything else, and where a row is removed. Read once.</summary>
    /// <exception cref="Protocol.Encoding.MalformedException">The statement of a row is none.</exception>
    public RowHeader? Header => field ??=
        Key.Type == EntryKey.RowType && Statement is { } statement ? StoredRow.ReadHeader(statement.Span) : null;
}
