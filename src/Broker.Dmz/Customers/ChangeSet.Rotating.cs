using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Dmz.Customers;

/// <summary>A rotation: the first head of an epoch, rows that are encrypted anew, the end of the epoch before.</summary>
internal sealed partial class ChangeSet
{
    /// <summary>Whether a rotation ends with this head, or is proven to have ended before.</summary>
    public bool EndsRotation { get; private set; }

    // The secret here is the new one, the custody record still the old one: who may ask follows from that.
    private ChangeResult Rotate(Change.Custody change)
    {
        var payload = Statement.Read<RotatePayload>(change.Request.Payload.Span);
        var verified = Verify(change.Request, UserAction.Rotate, grave: true, payload.AdministratorsRequired);
        if (verified.Refusal is { } code)
        {
            return new Refused(code, "the request is not one that this customer's directory allows");
        }

        var record = Statement.Read<CustodyRecord>(change.Record.Statement.Span);
        if (payload.Epoch != _custody.Epoch + 1 || record.Epoch != payload.Epoch || _secret is not { Predecessor: { } old } ||
            !old.Identity.Equals(_custody.Identity))
        {
            return new Refused(Codes.VersionConflict, "the customer's custody was changed meanwhile; look at it and sign again");
        }

        _changed[Brought(EntryKey.Succession(record.Epoch))] = Successions.Make(_secret, payload.Compromised);
        _changed[Brought(EntryKey.Custody(record.Epoch))] = change.Record;
        NextCustody = record;
        return Done;
    }

    // The intent was believed; a row that was replaced or removed since it left is passed over.
    private ChangeResult Reseal(Change.Rotation change)
    {
        var resealed = new List<(EntryKey Key, Signed Row)>();
        foreach (var (key, bytes) in change.Rows)
        {
            if (_changed.ContainsKey(key) || _proven[Brought(key)].Leaf != TreeHash.Leaf(key.LeafKey, Digest.Of(bytes.Span)))
            {
                continue;
            }

            switch (RowCipher.TryReseal(_secret, key, Statement.Read<StoredRow>(bytes.Span), _node.Random, out var next))
            {
                case RowFailure.None:
                    resealed.Add((key, new Signed(next!.Encode(), default)));
                    break;
                case RowFailure.WrongKey:
                    return new Refused(Codes.RowWrongKey, "the row was encrypted under another key or epoch");
                case RowFailure.WrongPlace:
                    return new Refused(Codes.RowWrongPlace, "the row belongs to another place or epoch");
                default:
                    return new Refused(Codes.RowAltered, "the row was altered");
            }
        }

        resealed.ForEach(r => _changed[r.Key] = r.Row);
        return Done;
    }

    private ChangeResult EndRotation(Change.EndRotation change)
    {
        var key = EntryKey.Custody(change.Epoch);
        if (change.Epoch >= _secret.Epoch)
        {
            throw new MalformedException("only the custody of an epoch before ends");
        }

        if (_proven[Brought(key)].Leaf != Digest.Zero)
        {
            Remove(key);
        }

        EndsRotation = true;
        return Done;
    }
}
