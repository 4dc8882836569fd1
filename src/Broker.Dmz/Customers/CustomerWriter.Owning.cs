using Broker.Links.Zone;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>The calls by which a customer comes to be and is taken: enrol, load, claim.</summary>
internal sealed partial class CustomerWriter
{
    private const int MaxReadings = 8;

    private async Task<CommitResult> Enrol(WriterMessage.Enrol message)
    {
        var head = message.Head.Read<CustomerHead>();
        CommitResult result;
        try
        {
            _witness.Write(head.Counter, head.Root, committed: false);
            var reply = await _node.Zone.EnrolAsync(message.Request, Context.Stopping);
            result = new CommitResult(true, null, new LedgerPoint(reply.LedgerPosition, new Digest(reply.LedgerHash.Span)));
        }
        catch (ZoneRefusedException refused)
        {
            return new CommitResult(false, refused.Code, null);
        }
        catch (ZoneUnavailableException)
        {
            // A customer that was never served has lost nothing: begin again, under the same name or another.
            return new CommitResult(false, Codes.ZoneUnavailable, null);
        }
        catch (Exception problem) when (IsOfTheDisk(problem))
        {
            Log.NotWitnessed(_log, _customer, problem.Message);
            return new CommitResult(false, Codes.WitnessUnavailable, null);
        }
        catch (Exception problem) when (problem is ZoneUnknownOutcomeException or MalformedException)
        {
            Log.Unknown(_log, _customer, head.Counter);
            result = await EnrolAgain(message.Request);
            if (!result.Committed)
            {
                return result;
            }
        }

        try
        {
            _witness.Write(head.Counter, head.Root, committed: true);
        }
        catch (Exception problem) when (IsOfTheDisk(problem))
        {
            // The customer stands; the next head, or the next unlock, is witnessed or refused.
            Log.NotWitnessed(_log, _customer, problem.Message);
        }

        return result;
    }

    private Task<CommitResult> EnrolAgain(Wire.EnrolCustomerRequest request) => Again(
        async () =>
        {
            var reply = await _node.Zone.EnrolAsync(request, Context.Stopping);
            return new LedgerPoint(reply.LedgerPosition, new Digest(reply.LedgerHash.Span));
        },
        request.Head, expected: 0, fence: 1);

    private async Task<Result<LoadedCustomer>> Load()
    {
        try
        {
            // Read before the zone is asked: a start of this node that is being succeeded may write while the answer is on its way.
            var (witness, owning) = (_witness.Read(), _witness.ReadOwning());
            var (state, custody, before) = await GetProven();
            return new LoadedCustomer(state, custody, witness, owning) { Before = before };
        }
        catch (ZoneRefusedException refused)
        {
            return new Refused(refused.Code, refused.Detail);
        }
        catch (Exception problem) when (problem is ZoneUnavailableException or ZoneUnknownOutcomeException or MalformedException)
        {
            return ZoneGone;
        }
        catch (Exception problem) when (IsOfTheDisk(problem))
        {
            Log.NotWitnessed(_log, _customer, problem.Message);
            return WitnessGone;
        }
    }

    // Two readings, between which the owner may have gone on.
    private async Task<(Wire.CustomerState State, ProvenEntry Custody, ProvenEntry? Before)> GetProven()
    {
        for (var tries = 1; ; tries++)
        {
            var state = await GetCustomer();
            var epoch = WireSigned.From(state.Custody).Read<CustodyRecord>().Epoch;
            try
            {
                EntryKey[] keys = epoch > 1 ? [EntryKey.Custody(epoch), EntryKey.Custody(epoch - 1)] : [EntryKey.Custody(epoch)];
                var read = await Read(keys, state.Head);
                return read.Entries.Count == keys.Length
                    ? (state, ProvenEntry.From(read.Entries[0]), keys.Length > 1 ? ProvenEntry.From(read.Entries[1]) : null)
                    : throw new MalformedException("the zone gave another number of entries than was asked for");
            }
            catch (ZoneRefusedException refused) when (refused.Code == Codes.HeadUnknown && tries < MaxReadings)
            {
                // Read both again.
            }
        }
    }

    // The key actor examined this head, so it is a witness as good as one that was committed here.
    private void Witness(WriterMessage.Claim message, Wire.CustomerState state)
    {
        var head = message.Head.Read<CustomerHead>();
        var claim = message.Statement.Read<Claim>();
        if (claim.Fence == state.Fence && WireSigned.From(state.Head).Statement.Span.SequenceEqual(message.Head.Statement.Span))
        {
            _witness.Write(head.Counter, head.Root, committed: true);
            _witness.WriteOwning(claim.Fence, state.LockGeneration);
            _committed = head.Counter;
        }
    }

    private void SawLock(ulong generation) => _witness.WriteOwning(_witness.ReadOwning()?.Fence ?? 0, generation);

    private async Task<Result<Wire.CustomerState>> Claim(WriterMessage.Claim message)
    {
        try
        {
            var request = new Wire.ClaimRequest { Claim = WireSigned.To(message.Statement) };
            if (message.Lift is { } lift)
            {
                request.LiftRequest = ByteString.CopyFrom(lift.Encode());
            }

            if (message.Restored is { } restored)
            {
                var next = message.Head.Read<CustomerHead>();
                _witness.Write(next.Counter, next.Root, committed: false);
                request.Restored = ByteString.CopyFrom(restored.Encode());
            }

            var state = await _node.Zone.ClaimAsync(request, Context.Stopping);
            Witness(message, state);
            return state;
        }
        catch (ZoneRefusedException refused)
        {
            return new Refused(refused.Code, refused.Detail);
        }
        catch (Exception problem) when (problem is ZoneUnknownOutcomeException or MalformedException)
        {
            // The claim may stand: the next one names the fence that the zone then has.
            return new Refused(Codes.FenceStale, "the claim's fate is not known");
        }
        catch (ZoneUnavailableException)
        {
            return ZoneGone;
        }
        catch (Exception problem) when (IsOfTheDisk(problem))
        {
            // The claim may stand; who loads the customer again meets the disk first.
            Log.NotWitnessed(_log, _customer, problem.Message);
            return WitnessGone;
        }
    }
}
