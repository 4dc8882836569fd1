namespace Broker.CredentialZone.Tree;

/// <summary>The stored nodes of one customer's tree.</summary>
internal interface ITreeNodes
{
    /// <summary>Reads a node, or null.</summary>
    TreeNode? Read(TreePosition position);

    /// <summary>Writes a node, or removes it when it is null; stored after <see cref="Flush"/> at the latest.</summary>
    void Write(TreePosition position, TreeNode? node);

    /// <summary>Stores what was written.</summary>
    void Flush()
    {
    }

    /// <summary>Takes over what was read through others of the same tree, so that it is not read again.</summary>
    void TakeOver(ITreeNodes others)
    {
    }
}
