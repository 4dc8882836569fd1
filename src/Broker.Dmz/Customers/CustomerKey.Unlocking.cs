using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Secrets;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>
/// Unlocking: shares come sealed to this incarnation; k of one split rebuild the secret; then the zone's head is held against
/// every witness, a standing lock needs an administrator, and only a claim that the zone accepts makes the customer unlocked.
/// </summary>
internal sealed partial class CustomerKey
{
    private const int MaxShares = 64;
    private const int MaxClaims = 3;

    private static readonly Name SharesWay = Name.Parse(WayKind.Shares.ToText());

    private readonly List<GivenShare> _shares = [];
    private readonly List<CustomerHead> _witnesses = [];
    private (ulong Counter, Digest Root) _accepted;
    private Wire.CustomerState? _loaded;
    private Claim? _claim;
    private int _claims;

    internal static Refused MemoryFull { get; } =
        new(Codes.Busy, "the node's locked memory is full; try again, or raise broker.secrets.capacity");

    private uint Needed() => _shares.Count > 0 ? _shares[^1].Record.Threshold : _custody?.Shares?.Way.Threshold ?? 0;

    private IReadOnlyList<string> GivenShares() => [.. _shares.Select(s => s.Record.Index).Distinct().Order().Select(i => $"shares/{i}")];

    private Result<KeyStatus> OnGiveShare(ShareModel model, Signed custody)
    {
        if (BeforeGiving(custody) is { } early)
        {
            return early;
        }

        if (!Id16.TryParse(model.Split, out var split) || !Digest.TryParse(model.AcceptedRoot, out var root))
        {
            return new Refused(Codes.Malformed, "split or accepted root is not hexadecimal");
        }

        var incarnation = _node.Incarnation.Key.Fingerprint;
        ShareRecord record;
        try
        {
            record = ShareRecord.Take(_node.Incarnation.Open(
                CustodyInfo.ShareForUnlock(_node.Cluster, _customer, model.Epoch, split, model.Index, incarnation),
                CustodyInfo.AcceptedHead(model.AcceptedCounter, root),
                model.Sealed));
        }
        catch (SealedDataException)
        {
            return new Refused(
                Codes.ShareWrongIncarnation,
                $"share {model.Index} was sealed to another start of this node, or altered; begin again, earlier shares are gone too");
        }
        catch (MalformedException)
        {
            return new Refused(Codes.ShareForeign, "what was sealed is not a share");
        }
        catch (SecretMemoryExhaustedException)
        {
            return MemoryFull;
        }

        if (record.Cluster != _node.Cluster || record.Customer != _customer || record.Epoch != model.Epoch || record.Split != split ||
            record.Index != model.Index)
        {
            record.Dispose();
            return new Refused(Codes.ShareForeign, $"share {model.Index} is of another customer, epoch or splitting");
        }

        if (Superseded(record.Epoch, SharesWay, record.Split) is { } superseded)
        {
            record.Dispose();
            return superseded;
        }

        if (!IsOfIdentity(record, custody))
        {
            record.Dispose();
            return new Refused(Codes.ShareForeign, $"share {model.Index} names another identity than the customer's custody record");
        }

        if (!record.IsSigned)
        {
            record.Dispose();
            return new Refused(Codes.ShareForged, $"share {model.Index} is not signed by the identity that it names");
        }

        Keep(new GivenShare(record, (model.AcceptedCounter, root)), model.Witness);
        if (_state != KeyState.Unlocking)
        {
            _state = KeyState.Unlocking;
            Context.StartTimer(AbandonTimer, new CustomerKeyMessage.Abandon(_turn), _node.Limits.ShareTimeout);
        }

        return Combine(record) is { } refused ? refused : Status();
    }

    // Shares are told apart by split and identity: whoever gives a self-made share does not keep the true ones from combining.
    private void Keep(GivenShare share, SignedModel? witness)
    {
        var same = _shares.FindIndex(s => s.IsOf(share) && s.Record.Index == share.Record.Index);
        if (same >= 0)
        {
            _shares[same].Record.Dispose();
            _shares.RemoveAt(same);
        }
        else if (_shares.Count >= MaxShares)
        {
            _shares[0].Record.Dispose();
            _shares.RemoveAt(0);
        }

        _shares.Add(share);
        Witness(witness, share.Record.Identity);
    }

    private static bool IsOfIdentity(ShareRecord record, Signed custody)
    {
        try
        {
            return custody.Read<CustodyRecord>().Identity.Equals(record.Identity);
        }
        catch (MalformedException)
        {
            return false;
        }
    }

    private Refused? Combine(ShareRecord latest)
    {
        var group = _shares.Where(s => s.Record == latest || s.IsOf(_shares.Last(x => x.Record == latest))).ToList();
        if (group.Count < latest.Threshold)
        {
            return null;
        }

        var chosen = group.Take((int)latest.Threshold).ToList();
        CustomerSecret? secret;
        try
        {
            secret = ShareRecord.Combine([.. chosen.Select(s => s.Record)]);
        }
        catch (SecretMemoryExhaustedException)
        {
            return MemoryFull;
        }

        var accepted = chosen[0].Accepted;
        var split = latest.Split;
        ClearShares(keepWitnesses: true);
        if (secret is null)
        {
            Fail(Codes.SharesDoNotCombine);
            return new Refused(Codes.SharesDoNotCombine, "the shares do not rebuild the secret that they name; begin again");
        }

        Begin(secret, SharesWay, split, chosen.All(s => s.Accepted == accepted) ? accepted : default, unattended: false);
        return null;
    }

    private void OnLoaded(Result<LoadedCustomer> result)
    {
        if (LoadedWhileHolding(result))
        {
            return;
        }

        if (_secret is null || _state is not (KeyState.Unlocking or KeyState.LiftNeeded or KeyState.Claiming))
        {
            return;
        }

        if (result.Value is not { } loaded)
        {
            if (!TriesAgain(result.Code!))
            {
                Fail(result.Code!);
            }

            return;
        }

        if (Examine(loaded, out var custody, out var head) is { } code)
        {
            Fail(code);
            return;
        }

        (_custody, _head, _loaded) = (custody, head, loaded.State);
        _ledger = new LedgerPoint(loaded.State.LedgerPosition, new Digest(loaded.State.LedgerHash.Span));
        if (loaded.State.LockGeneration > loaded.State.LiftedGeneration)
        {
            if (_state == KeyState.Claiming || _unattended)
            {
                // Locked while another owned it: then it is locked here too. And no way unlocks by itself while a lock stands.
                Fail(Codes.LockStands);
                return;
            }

            _state = KeyState.LiftNeeded;
            return;
        }

        if (_state == KeyState.Claiming && IsOwnedByPeer(loaded))
        {
            StepBack(loaded);
            return;
        }

        SendClaim(loaded.State.LiftedGeneration, lift: null);
    }

    private string? Examine(LoadedCustomer loaded, out CustodyRecord custody, out Head head)
    {
        (custody, head) = (null!, null!);
        var secret = _secret!;
        var signedCustody = WireSigned.From(loaded.State.Custody);
        var signedHead = WireSigned.From(loaded.State.Head);
        if (!signedCustody.IsBy(secret.Identity))
        {
            return Overtaken(signedCustody, loaded.State);
        }

        if (!signedHead.IsBy(secret.Identity))
        {
            return Codes.HeadForged;
        }

        try
        {
            custody = signedCustody.Read<CustodyRecord>();
            head = new Head(signedHead.Read<CustomerHead>(), signedHead);
        }
        catch (MalformedException)
        {
            return Codes.HeadForged;
        }

        if (custody.Customer != _customer || custody.Epoch != secret.Epoch || head.Value.Customer != _customer ||
            head.Value.Cluster != _node.Cluster)
        {
            return Codes.CustodyForged;
        }

        // An earlier revision is signed as well; only the current one is under the head.
        if (loaded.Custody.Key != EntryKey.Custody(custody.Epoch) || loaded.Custody.Statement is not { } statement ||
            !statement.Span.SequenceEqual(signedCustody.Statement.Span) ||
            !loaded.Custody.LeadsTo(head.Value.Root))
        {
            return Codes.CustodyForged;
        }

        if (_given is { } given && custody.Find(given.Way)?.Split != given.Split)
        {
            return Codes.WaySuperseded;
        }

        return Freshness(head, loaded);
    }

    private Result<KeyStatus> OnLift(CustomerKeyMessage.Lift message)
    {
        if (_state != KeyState.LiftNeeded || _loaded is null)
        {
            return _state == KeyState.Unlocked
                ? new Refused(Codes.LiftNotNeeded, "no lock stands")
                : LockedRefusal();
        }

        if (_claim is not null)
        {
            return new Refused(Codes.Busy, "a claim is under way; look at the customer's state");
        }

        if (Prove(message.Entries, message.Head, out var proven) is { } refused)
        {
            return refused;
        }

        var verified = VerifyRequest(message.Request, UserAction.LiftLock, proven, grave: false);
        if (verified.Refusal is { } code)
        {
            return Refuse(code);
        }

        LockPayload payload;
        try
        {
            payload = Statement.Read<LockPayload>(message.Request.Payload.Span);
        }
        catch (MalformedException)
        {
            return Refuse(RequestRefusal.Malformed);
        }

        if (payload.Generation != _loaded.LockGeneration)
        {
            return new Refused(
                Codes.LiftWrongGeneration, $"the lock that stands is generation {_loaded.LockGeneration}; sign for that one");
        }

        SendClaim(payload.Generation, message.Request);
        return Status();
    }

    private void OnAbandon(CustomerKeyMessage.Abandon message)
    {
        if (message.Turn == _turn && _state != KeyState.Unlocked)
        {
            Wipe("waiting lasted too long");
        }
    }

    private void Fail(string code)
    {
        _lastFailure = code;
        Log.UnlockFailed(_log, _customer, code);
        if (code is not (Codes.ZoneUnavailable or Codes.WitnessUnavailable or Codes.Busy))
        {
            ReportRefusal($"node/{_node.Node}", "unlock", code);
        }

        Wipe(code);
    }

    private void ClearShares(bool keepWitnesses = false)
    {
        foreach (var share in _shares)
        {
            share.Record.Dispose();
        }

        _shares.Clear();
        if (!keepWitnesses)
        {
            _witnesses.Clear();
            (_accepted, _restored) = (default, null);
            _loaded = null;
        }
    }

    private sealed record GivenShare(ShareRecord Record, (ulong Counter, Digest Root) Accepted)
    {
        public bool IsOf(GivenShare other) =>
            Record.Split == other.Record.Split && Record.Identity.Equals(other.Record.Identity)
                && Record.Threshold == other.Record.Threshold;
    }
}
