using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Store;

/// <summary>An entry of the directory, or a row.</summary>
/// <param name="Key">Type and id.</param>
/// <param name="Statement">The encoding.</param>
/// <param name="Signature">The identity key's signature; empty for a row.</param>
internal sealed record EntryRecord(EntryKey Key, ReadOnlyMemory<byte> Statement, ReadOnlyMemory<byte> Signature)
{
    private Digest? _leafKey;

    /// <summary>The key of its leaf. Hashed once, or by whoever did it before.</summary>
    public Digest LeafKey
    {
        get => _leafKey ??= Key.LeafKey;
        init => _leafKey = value;
    }

    /// <summary>The epoch of a row; null of anything else.</summary>
    /// <exception cref="Protocol.Encoding.MalformedException">The statement of a row is none.</exception>
    public uint? Epoch => Key.Type == EntryKey.RowType ? RowView.Read(Statement.Span).Epoch : null;
}
