using Broker.Protocol.Merkle;

namespace Broker.CredentialZone.Tree;

/// <summary>The stored nodes of one customer's tree, one by one or in the groups that they are stored in: no node in both ways.</summary>
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

    /// <summary>Reads the group that begins at a position, as it was stored last.</summary>
    /// <returns>What stands there, and how many of its nodes there are; null where there is no group.</returns>
    (TreePlace Top, int Nodes)? ReadGroup(TreePosition position);

    /// <summary>Stores the group that begins at a position.</summary>
    /// <param name="position">The position.</param>
    /// <param name="top">What stands there, its group in memory; removed where that is nothing.</param>
    void WriteGroup(TreePosition position, TreePlace top);
}
