using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Customers;

/// <summary>Changes of custody.</summary>
internal sealed partial class ChangeSet
{
    /// <summary>The custody record that counts from the commit on; null where it stays.</summary>
    public CustodyRecord? NextCustody { get; private set; }

    // That its holders confirmed it the key actor knows; here it must still be what the directory and the record before it allow.
    private ChangeResult Custody(Change.Custody change)
    {
        if (change.IsAlone)
        {
            return Rotate(change);
        }

        var payload = Statement.Read<ChangeCustodyPayload>(change.Request.Payload.Span);
        var verified = Verify(change.Request, UserAction.ChangeCustody, grave: true, payload.AdministratorsRequired);
        if (verified.Refusal is { } code)
        {
            return new Refused(code, "the request is not one that this customer's directory allows");
        }

        var record = Statement.Read<CustodyRecord>(change.Record.Statement.Span);
        if (NextCustody is not null || payload.Epoch != _custody.Epoch || payload.Replaces != _custody.Revision ||
            record.Revision != payload.Replaces + 1)
        {
            return new Refused(Codes.VersionConflict, "the customer's custody was changed meanwhile; look at it and sign again");
        }

        _changed[Brought(EntryKey.Custody(record.Epoch))] = change.Record;
        NextCustody = record;
        return Done;
    }
}
