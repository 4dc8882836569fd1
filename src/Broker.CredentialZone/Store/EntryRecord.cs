using Broker.Protocol.Directory;

namespace Broker.CredentialZone.Store;

/// <summary>An entry of the directory, or a row.</summary>
/// <param name="Key">Type and id.</param>
/// <param name="Statement">The encoding.</param>
/// <param name="Signature">The identity key's signature; empty for a row.</param>
internal sealed record EntryRecord(EntryKey Key, ReadOnlyMemory<byte> Statement, ReadOnlyMemory<byte> Signature)
{
    /// <summary>The epoch of a row; null of anything else.</summary>
    /// <exception cref="Protocol.Encoding.MalformedException">The statement of a row is none.</exception>
    public uint? Epoch
    {
        get => field ?? (Key.Type == EntryKey.RowType ? StoredRow.ReadHeader(Statement.Span).Epoch : null);
        init;
    }
}
