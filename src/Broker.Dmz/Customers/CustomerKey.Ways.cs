using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Dmz.Customers;

/// <summary>
/// Unlocking by a wrap: its record comes sealed to this incarnation from whoever keeps it, or from a token of this node. It goes on as
/// shares do once they are combined: head against witnesses, a standing lock, the claim.
/// </summary>
internal sealed partial class CustomerKey
{
    private CustodyRecord? _told;
    private (Name Way, Id16 Split)? _given;
    private bool _unattended;

    private string Missing => CustodyText.Missing(_told ?? _custody, _shares.Count) + (_lastFailure == Codes.FreshnessUnproven
        ? "; no witness proves that the zone's head is the newest: who gives shares or a key accepts it (--accept-head)"
        : "");

    /// <summary>Whether there is anything to give to: a refusal, the status where the secret is there already, or null.</summary>
    private Result<KeyStatus>? BeforeGiving(Signed custody)
    {
        if (_state == KeyState.Unknown && !custody.Statement.IsEmpty)
        {
            // Enrolled since: on another node, or here while the zone's answer was lost.
            _state = KeyState.Locked;
        }

        Hear(custody);
        if (_state is KeyState.Unknown or KeyState.Enrolling)
        {
            return LockedRefusal();
        }

        if (_secret is not null)
        {
            return Status();
        }

        return null;
    }

    // The zone's word, for words to people and for sorting out early; what unlocks is held against the record that its identity signed.
    private void Hear(Signed custody)
    {
        try
        {
            _told = custody.Statement.IsEmpty ? _told : custody.Read<CustodyRecord>();
        }
        catch (MalformedException)
        {
            // Examine says what is wrong with it.
        }
    }

    private Result<KeyStatus> OnGiveWrap(WrapModel model, Signed custody)
    {
        if (BeforeGiving(custody) is { } early)
        {
            return early;
        }

        if (!Name.TryParse(model.Way, out var way) || !Id16.TryParse(model.Split, out var split) ||
            !Digest.TryParse(model.AcceptedRoot, out var root))
        {
            return new Refused(Codes.Malformed, "way, split or accepted root is not of its form");
        }

        WrapRecord record;
        try
        {
            record = WrapRecord.Take(_node.Incarnation.Open(
                CustodyInfo.WrapForUnlock(_node.Cluster, _customer, model.Epoch, way, split, _node.Incarnation.Key.Fingerprint),
                CustodyInfo.AcceptedHead(model.AcceptedCounter, root),
                model.Sealed));
        }
        catch (SealedDataException)
        {
            return new Refused(
                Codes.WrapWrongIncarnation, $"the wrap of way {way} was sealed to another start of this node, or altered; begin again");
        }
        catch (MalformedException)
        {
            return new Refused(Codes.WrapForeign, "what was sealed is not the record of a wrap");
        }
        catch (SecretMemoryExhaustedException)
        {
            return MemoryFull;
        }

        using (record)
        {
            if (record.Epoch != model.Epoch || record.Way != way || record.Split != split)
            {
                return new Refused(Codes.WrapForeign, $"the wrap of way {way} is of another epoch, way or making than it says");
            }

            return TakeWrap(record, (model.AcceptedCounter, root), model.Witness, unattended: false) is { } refused ? refused : Status();
        }
    }

    private Result<KeyStatus> OnGiveOpened(CustomerKeyMessage.GiveOpened message)
    {
        if (BeforeGiving(message.Custody) is { } early)
        {
            return early;
        }

        if (message.Unattended && _state != KeyState.Locked)
        {
            // People are at it: what they gave is not thrown away for an opening that nobody asked for.
            return LockedRefusal();
        }

        return TakeWrap(message.Record.Peek, default, null, message.Unattended) is { } refused ? refused : Status();
    }

    private Refused? TakeWrap(WrapRecord record, (ulong Counter, Digest Root) accepted, SignedModel? witness, bool unattended)
    {
        if (record.Cluster != _node.Cluster || record.Customer != _customer)
        {
            return new Refused(Codes.WrapForeign, $"the wrap of way {record.Way} is of another customer or cluster");
        }

        if (Superseded(record.Epoch, record.Way, record.Split) is { } superseded)
        {
            return superseded;
        }

        if (_told is not { } told || !told.Identity.Equals(record.Identity))
        {
            return new Refused(
                Codes.WrapForeign, $"the wrap of way {record.Way} names another identity than the customer's custody record");
        }

        CustomerSecret? secret;
        try
        {
            if (record.TryUnlock(out secret) != WrapFailure.None)
            {
                return new Refused(Codes.WrapForged, $"the wrap of way {record.Way} is not by the identity that it names");
            }
        }
        catch (SecretMemoryExhaustedException)
        {
            return MemoryFull;
        }

        ClearShares(keepWitnesses: true);
        Witness(witness, record.Identity);
        _state = KeyState.Unlocking;
        Context.StartTimer(AbandonTimer, new CustomerKeyMessage.Abandon(_turn), _node.Limits.ShareTimeout);
        Begin(secret!, record.Way, record.Split, accepted, unattended);
        return null;
    }

    /// <summary>A secret is there: what the zone has is brought.</summary>
    private void Begin(CustomerSecret secret, Name way, Id16 split, (ulong Counter, Digest Root) accepted, bool unattended)
    {
        (_secret, _given, _accepted, _unattended, _claims) = (secret, (way, split), accepted, unattended, 0);
        _writer!.Tell(new WriterMessage.Load());
    }

    private Refused? Superseded(uint epoch, Name way, Id16 split)
    {
        if (_told is not { } told || (epoch >= told.Epoch && told.Find(way)?.Split == split))
        {
            return null;
        }

        return epoch == told.Epoch && told.Find(way) is null
            ? new Refused(Codes.WaySuperseded, $"the customer has no way {way} any more; custody was changed")
            : new Refused(Codes.WaySuperseded, $"what was given of way {way} is superseded; use what came with the change of custody");
    }

    private void Witness(SignedModel? witness, PublicKey identity)
    {
        var signed = witness?.ToSigned();
        if (signed is not null && signed.IsBy(identity))
        {
            try
            {
                _witnesses.Add(signed.Read<Broker.Protocol.Directory.CustomerHead>());
            }
            catch (MalformedException)
            {
                // A console that keeps a broken file is no witness.
            }
        }
    }
}
