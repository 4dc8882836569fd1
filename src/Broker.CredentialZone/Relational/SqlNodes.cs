using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Relational;

/// <summary>The table of a customer's tree nodes.</summary>
internal sealed class SqlNodes(ISqlSession session, SqlTexts texts, Name customer) : ITreeNodes
{
    /// <inheritdoc/>
    public TreeNode? Read(TreePosition position) => session.Query(texts.Node, customer, Key(position)) is [var row, ..]
        ? row.Bytes(0) is { Length: TreeNode.Length } bytes
            ? TreeNode.Parse(bytes)
            : throw new AlteredException(RefusalCode.TreeAltered, "a node of the customer's tree is not one") { Customer = customer }
        : null;

    /// <inheritdoc/>
    public void Write(TreePosition position, TreeNode? node)
    {
        if (node is null)
        {
            session.Later(texts.DeleteNode, customer, Key(position));
        }
        else
        {
            session.Later(texts.PutNode, customer, Key(position), SqlValue.Blob(node.ToBytes()));
        }
    }

    private static SqlValue Key(TreePosition position)
    {
        Span<byte> key = stackalloc byte[TreePosition.MaxLength];
        return SqlValue.Bytes(key[..position.Write(key)]);
    }
}
