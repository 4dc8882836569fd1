using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;

namespace Broker.CredentialZone.Operations;

/// <summary>
/// A row is written once. Only a rotation writes it again: the same credential, version, kind and length, under a later epoch.
/// </summary>
internal static class RowRule
{
    /// <summary>Checks the rows of a commit, whose form was checked.</summary>
    /// <exception cref="MalformedException">What is stored is not a row.</exception>
    public static StoreRefusal? Check(WriteContext context, CustomerRecord customer, IReadOnlyList<EntryChange> changes)
    {
        foreach (var change in changes)
        {
            if (!change.IsRow)
            {
                continue;
            }

            var next = RowView.Read(change.Statement!.Value.Span);
            if (next.Epoch != customer.Custody.Epoch)
            {
                return new(RefusalCode.EntryMismatch, "a row is written under the customer's current epoch");
            }

            // A row that a rotation was given is not read again.
            var given = context.Given.Find(customer.Customer, customer.Head.Root, change.LeafKey);
            if ((given ?? context.Tables.Entry(customer.Customer, change.Key)) is { } stored && !MayFollow(stored, next))
            {
                return new(RefusalCode.EntryMismatch, "a row that is there is replaced only by itself under a later epoch");
            }
        }

        return null;
    }

    private static bool MayFollow(EntryRecord stored, RowView next)
    {
        var old = RowView.Read(stored.Statement.Span);
        return old.Epoch < next.Epoch && old.IsSameButForEpoch(next);
    }
}
