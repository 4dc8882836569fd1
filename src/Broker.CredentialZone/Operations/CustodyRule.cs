using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Operations;

/// <summary>
/// What a commit may do to the custody record: replace it by its next revision, where administrators' signatures that the zone
/// verifies itself ask for exactly that. Nothing of a share or wrap is in the record.
/// </summary>
internal static class CustodyRule
{
    /// <summary>Checks a commit.</summary>
    /// <param name="context">The batch.</param>
    /// <param name="customer">The customer.</param>
    /// <param name="change">The commit, whose form was checked.</param>
    /// <param name="next">The customer with its new custody record, where the commit has one.</param>
    /// <exception cref="MalformedException">A payload is not one of its action.</exception>
    public static StoreRefusal? Check(WriteContext context, CustomerRecord customer, ChangeSet change, out CustomerRecord next)
    {
        next = customer;
        if (change.Changes.Any(static c => c.Key.Type == EntryKey.SuccessionType))
        {
            return new(RefusalCode.EntryMismatch, "a succession stands for ever, and comes with its epoch only");
        }

        if (change.Requests.Any(static r => IsOf(r, UserAction.Rotate)))
        {
            return new(RefusalCode.EntryMismatch, "a request to rotate begins an epoch");
        }

        var asked = change.Requests.Where(static r => IsOf(r, UserAction.ChangeCustody)).ToList();
        var records = change.Changes.Where(static c => c.Key.Type == EntryKey.CustodyType).ToList();
        if (records.Count == 0 && asked.Count == 0)
        {
            return null;
        }

        if (EndsRotation(change))
        {
            return records.Count == 1 && asked.Count == 0 && records[0].Key == EntryKey.Custody(customer.Custody.Epoch - 1) &&
                context.Tables.OldRows(customer.Customer, customer.Custody.Epoch, 0, 1).Count == 0
                ? null
                : new(RefusalCode.EntryMismatch, "a rotation ends once, when no row of an earlier epoch is left");
        }

        if (records.Count != 1 || asked.Count != 1 || records[0].Statement is not { } statement)
        {
            return new(RefusalCode.EntryMismatch, "a custody record is replaced, and only by one request for it");
        }

        var record = Statement.Read<CustodyRecord>(statement.Span);
        var payload = Statement.Read<ChangeCustodyPayload>(asked[0].Payload.Span);
        payload.Validate();
        var old = customer.Custody;
        if (record.Epoch != old.Epoch || record.Revision != checked(old.Revision + 1) || payload.Epoch != old.Epoch ||
            payload.Replaces != old.Revision || !record.Identity.Equals(old.Identity) || !record.Intake.Equals(old.Intake) ||
            record.Plan != asked[0].Hash || !record.Keeps(payload.Ways) ||
            record.AdministratorsRequired != payload.AdministratorsRequired)
        {
            return new(RefusalCode.PlanMismatch, "the custody record is not the next revision that the request asks for");
        }

        if (UserRequests.Verify(context, customer, asked[0], UserAction.ChangeCustody, payload.AdministratorsRequired).Refusal is { } code)
        {
            return new(code, "the request to change custody is not believed");
        }

        next = customer with { SignedCustody = new Signed(statement, records[0].Signature), Custody = record };
        return null;
    }

    /// <summary>Whether the commit removes the custody record of an epoch before: no row of it is left.</summary>
    public static bool EndsRotation(ChangeSet change) =>
        change.Changes.Any(static c => c.Key.Type == EntryKey.CustodyType && c.Statement is null);

    /// <summary>Whether a request is for an action.</summary>
    /// <exception cref="MalformedException">It is not a request.</exception>
    public static bool IsOf(SignedRequest request, UserAction action) =>
        Statement.Read<Request>(request.Statement.Span).Action == action.Name;
}
