using Broker.CredentialZone.Tree;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Relational;

/// <summary>The table of a customer's tree nodes.</summary>
internal sealed class SqlNodes(ISqlSession session, SqlTexts texts, Name customer) : INodeGroups
{
    /// <inheritdoc/>
    public byte[]? Read(TreePosition position) =>
        session.Query(texts.Node, customer, Key(position)) is [var row, ..] ? row.Bytes(0) : null;

    /// <inheritdoc/>
    public void Write(TreePosition position, ReadOnlySpan<byte> record)
    {
        if (record.IsEmpty)
        {
            session.Later(texts.DeleteNode, customer, Key(position));
        }
        else
        {
            session.Later(texts.PutNode, customer, Key(position), SqlValue.Blob(record.ToArray()));
        }
    }

    private static SqlValue Key(TreePosition position)
    {
        Span<byte> key = stackalloc byte[TreePosition.MaxLength];
        return SqlValue.Bytes(key[..position.Write(key)]);
    }
}
