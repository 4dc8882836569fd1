using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Customers;

/// <summary>
/// A request is followed once. That it was is an entry under the head, so neither a restart forgets it nor can the zone or a
/// gateway leave it out: without a proof of its absence the request is refused.
/// </summary>
internal sealed partial class ChangeSet
{
    private ChangeResult Once(SignedRequest signed, Func<ChangeResult> follow)
    {
        var key = ChangeKeys.Record(signed);
        var known = Find<RequestRecord>(key);
        if (known?.Request == signed.Hash)
        {
            var version = known.Version > 0 ? $", as version {known.Version}" : "";
            return new Refused(
                Codes.AlreadyCommitted, $"the request was committed before, under head {known.Counter}{version}; sign a new one");
        }

        if (known is not null && known.KeptUntil >= _now)
        {
            return new Refused(Codes.IdempotencyConflict, "the idempotency key was used for another request; make a new one");
        }

        var result = follow();
        if (result.Refusal is null)
        {
            var request = Statement.Read<Request>(signed.Statement.Span);
            var record = new RequestRecord(
                _node.Cluster, _custody.Customer, request.User, request.IdempotencyKey, signed.Hash,
                request.NotAfter + (2 * RequestVerifier.ClockSkew), _counter, result.Version);
            _changed[Brought(key)] = new Signed(record.Encode(), default);
        }

        return result;
    }

    private ChangeResult Forget(Change.Forget change)
    {
        foreach (var key in change.Records)
        {
            if (key.Type != EntryKey.RequestType)
            {
                throw new MalformedException("only records of requests are forgotten");
            }

            if (Find<RequestRecord>(key) is { } record && record.KeptUntil < _now)
            {
                Remove(key);
            }
        }

        return Done;
    }
}
