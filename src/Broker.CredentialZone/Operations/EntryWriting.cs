using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Operations;

/// <summary>Applies changes to the entries and to the tree together.</summary>
internal static class EntryWriting
{
    private static readonly StoreRefusal OtherRoot =
        new(RefusalCode.RootMismatch, "the tree after these changes has another root than the head; read the entries again");

    /// <summary>Applies the changes and compares the root.</summary>
    /// <param name="context">The transaction.</param>
    /// <param name="customer">The customer.</param>
    /// <param name="changes">What changes.</param>
    /// <param name="root">The root that the tree has then.</param>
    /// <param name="before">The root that it has now, where there is a head that says so.</param>
    /// <returns>A refusal when the tree then has another root than the head; what was written is taken back with the operation.</returns>
    public static StoreRefusal? Apply(
        WriteContext context, Name customer, IReadOnlyList<EntryChange> changes, Digest root, Digest? before = null)
    {
        var leaves = new List<(Digest Key, Digest Value)>(changes.Count);
        foreach (var change in changes)
        {
            leaves.Add((change.LeafKey, change.Value));
        }

        // What a rotation does: many leaves near each other, none new and none gone.
        var isRotation = before is not null && RowRule.IsRotation(changes);
        if (isRotation && AreReplaced(context, customer, leaves, before!.Value) is { } batch)
        {
            if (!AreAsGiven(context, customer, batch) && Again(context, customer, changes) is { } moved)
            {
                return moved;
            }

            if (batch.Next != root)
            {
                return OtherRoot;
            }

            batch.Flush();
            context.NodesMoved(root);
        }
        else if (isRotation && Again(context, customer, changes) is { } refusal)
        {
            return refusal;
        }
        else if (!context.ChangeTree(customer, before, root, leaves))
        {
            return OtherRoot;
        }

        foreach (var change in changes)
        {
            if (change.Statement is { } statement)
            {
                context.Tables.PutEntry(customer, new EntryRecord(change.Key, statement, change.Signature) { LeafKey = change.LeafKey });
            }
            else
            {
                context.Tables.DeleteEntry(customer, change.Key);
            }
        }

        return null;
    }

    // Null where a leaf is new.
    private static TreeBatch? AreReplaced(WriteContext context, Name customer, List<(Digest Key, Digest Value)> leaves, Digest before)
    {
        var sorted = leaves.ToList();
        sorted.Sort(static (a, b) => DigestOrder.Instance.Compare(a.Key, b.Key));
        var batch = new TreeBatch(context.Nodes(customer, before), sorted);
        return batch.TryReplace(before) ? batch : null;
    }

    // Whether the rows that were not read again are those that stand in the tree.
    private static bool AreAsGiven(WriteContext context, Name customer, TreeBatch batch)
    {
        foreach (var (key, value) in batch.Replaced)
        {
            if (!context.Given.Stands(customer, key, value))
            {
                return false;
            }
        }

        return true;
    }

    // What was given is not what is there: then each row is read.
    private static StoreRefusal? Again(WriteContext context, Name customer, IReadOnlyList<EntryChange> changes)
    {
        context.Given.Clear();
        return RowRule.Check(context, context.Find(customer)!, changes);
    }
}
