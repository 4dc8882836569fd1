using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
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

        if (!context.ChangeTree(customer, before, root, leaves))
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
}
