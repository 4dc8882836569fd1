using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Console.Audit;

/// <summary>Custody and epochs: who asked for the record that there is, and which identity signs from where on.</summary>
internal sealed partial class CustomerAudit
{
    private readonly Dictionary<Digest, (IReadOnlyList<CustodyWay> Ways, uint Required, PublicKey Identity)> _asked = [];

    private void Asked(Digest cause, IReadOnlyList<CustodyWay> ways, uint required)
    {
        _asked[cause] = (ways, required, _identity);
        _directory.Required = required;
    }

    private void CustodyChanged(SignedRequest signed)
    {
        var payload = Statement.Read<ChangeCustodyPayload>(signed.Payload.Span);
        if (payload.Epoch != _epoch)
            throw Fail("custody-of-another", "the custody of another epoch was changed");
        Asked(signed.Hash, payload.Ways, payload.AdministratorsRequired);
    }

    // The custody record is the newest there was when it was read; the chain may be longer since.
    private void CompareCustody()
    {
        if (!_asked.TryGetValue(_custody.Plan, out var asked))
            throw Fail("plan-of-another", "nothing in the chain asks for the custody record that there is");
        if (!asked.Identity.Equals(_custody.Identity))
            throw Fail("identity-of-another", "the chain is signed by another identity than the custody record of its epoch names");
        if (asked.Required != _custody.AdministratorsRequired || !_custody.Keeps(asked.Ways))
            throw Fail("plan-not-echoed", "the custody record is not what was asked for");
    }

    private void Rotated(Block block, RotationRecord record)
    {
        if (_generation > _lifted)
            throw Fail("change-while-locked", "an epoch began while a lock stood");
        var signed = Statement.Read<SignedRequest>(record.Cause.Span);
        Verify(block, signed, UserAction.Rotate);
        var payload = Statement.Read<RotatePayload>(signed.Payload.Span);
        var entry = record.Succession.Read<SuccessionRecord>();
        var succession = entry.Read();
        if (succession.Cluster != _custody.Cluster || succession.Customer != _custody.Customer || succession.Epoch != _epoch + 1 ||
            payload.Epoch != succession.Epoch || payload.Compromised != succession.Compromised || !succession.Old.Equals(_identity) ||
            !entry.IsSigned(succession) || !record.Succession.IsBy(succession.New))
        {
            throw Fail("succession-forged", "the new identity does not follow the one before by their signatures");
        }

        (_identityBefore, _identity, _epoch) = (_identity, succession.New, succession.Epoch);
        Asked(signed.Hash, payload.Ways, payload.AdministratorsRequired);
        Advance(record.Head);
    }

    private void Resealed(RotationIntent intent)
    {
        if (_generation > _lifted)
            throw Fail("intent-while-locked", "rows left the zone while a lock stood");
        if (intent.Epoch != _epoch || intent.Fence != _fence || intent.LockGeneration != _generation ||
            intent.HeadCounter != (_head?.Counter ?? 0))
        {
            throw Fail("intent-differs", "the intent names another epoch, fence, lock or head than there was");
        }
    }
}
