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
            if (change.Header is not { } next)
            {
                continue;
            }

            if (next.Epoch != customer.Custody.Epoch)
            {
                return new(RefusalCode.EntryMismatch, "a row is written under the customer's current epoch");
            }

            if (context.Tables.Entry(customer.Customer, change.Key) is { } stored &&
                StoredRow.ReadHeader(stored.Statement.Span) is var old &&
                (old.Epoch >= next.Epoch || old with { Epoch = next.Epoch } != next))
            {
                return new(RefusalCode.EntryMismatch, "a row that is there is replaced only by itself under a later epoch");
            }
        }

        return null;
    }
}
