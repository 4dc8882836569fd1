using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Operations;

/// <summary>Applies changes to the entries and to the tree together.</summary>
internal static class EntryWriting
{
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
            leaves.Add((change.Key.LeafKey, change.Statement is { } statement ? Digest.Of(statement.Span) : Digest.Zero));
        }

        // What a rotation does: many leaves near each other, none new and none gone.
        var isRotation = before is not null && changes.Count > 1 &&
            changes.All(static c => c.Key.Type == EntryKey.RowType && c.Statement is not null);
        var replaced = isRotation ? AreReplaced(context, customer, leaves, before!.Value, root) : null;
        if (!(replaced ?? context.ChangeTree(customer, before, root, leaves)))
        {
            return new(RefusalCode.RootMismatch, "the tree after these changes has another root than the head; read the entries again");
        }

        foreach (var change in changes)
        {
            if (change.Statement is { } statement)
            {
                var entry = new EntryRecord(change.Key, statement, change.Signature) { Epoch = change.Header?.Epoch };
                context.Tables.PutEntry(customer, entry);
            }
            else
            {
                context.Tables.DeleteEntry(customer, change.Key);
            }
        }

        return null;
    }

    // Null where a leaf is new.
    private static bool? AreReplaced(
        WriteContext context, Name customer, List<(Digest Key, Digest Value)> leaves, Digest before, Digest root)
    {
        var sorted = leaves.ToList();
        sorted.Sort(static (a, b) => DigestOrder.Instance.Compare(a.Key, b.Key));
        var batch = new TreeBatch(context.Nodes(customer, before), sorted);
        if (!batch.TryReplace(before, out var next))
        {
            return null;
        }

        if (next != root)
        {
            return false;
        }

        batch.Flush();
        context.NodesMoved(root);
        return true;
    }
}
