using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;

namespace Broker.Dmz.Customers;

/// <summary>
/// The hand-over that a promotion asks for: its order stands under the head from the promotion on, with the request that an
/// administrator signed, and leaves it when everybody had the version or its time is over.
/// </summary>
internal sealed partial class ChangeSet
{
    private ChangeResult? BeginHandOver(PromotePayload payload, CredentialEntry entry, Request request, SignedRequest signed)
    {
        var key = EntryKey.HandOver(payload.Credential);
        var before = Find<HandOverOrder>(key);
        if (before is not null && before.Version == entry.Version && before.NotAfter >= _now)
        {
            return new Refused(
                Codes.HandOverUnderWay,
                $"version {before.Version} is being handed over until {before.NotAfter:u}; wait for its end, or put without --stage");
        }

        if (payload.HandsOver)
        {
            Set(key, new HandOverOrder(
                _node.Cluster, _custody.Customer, payload.Credential, payload.Version, _counter, request.NotAfter, signed.Encode()));
        }
        else
        {
            RemoveHandOver(payload.Credential);
        }

        return null;
    }

    private void RemoveHandOver(Name credential)
    {
        if (Find<HandOverOrder>(EntryKey.HandOver(credential)) is not null)
        {
            Remove(EntryKey.HandOver(credential));
        }
    }

    // Whoever says so: with it nothing is handed over that would not have been.
    private ChangeResult EndHandOver(Change.EndHandOver change)
    {
        if (Find<HandOverOrder>(EntryKey.HandOver(change.Credential))?.Counter == change.Counter)
        {
            Remove(EntryKey.HandOver(change.Credential));
        }

        return Done;
    }
}
