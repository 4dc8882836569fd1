using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Operations;

/// <summary>Applies changes to the entries and to the tree together.</summary>
internal static class EntryWriting
{
    /// <summary>Applies the changes and compares the root.</summary>
    /// <returns>A refusal when the tree then has another root than the head; what was written is taken back with the operation.</returns>
    public static StoreRefusal? Apply(WriteContext context, Name customer, IReadOnlyList<EntryChange> changes, Digest root)
    {
        var tree = new SparseTree(context.Tables.Nodes(customer));
        foreach (var change in changes)
        {
            tree.Update(change.Key.LeafKey, change.Statement is { } statement ? Digest.Of(statement.Span) : Digest.Zero);
        }

        if (tree.Root != root)
        {
            return new(RefusalCode.RootMismatch, "the tree after these changes has another root than the head; read the entries again");
        }

        tree.Flush();
        foreach (var change in changes)
        {
            if (change.Statement is { } statement)
            {
                context.Tables.PutEntry(customer, new EntryRecord(change.Key, statement, change.Signature));
            }
            else
            {
                context.Tables.DeleteEntry(customer, change.Key);
            }
        }

        return null;
    }
}
