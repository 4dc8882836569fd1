using Broker.Actors;
using Broker.Dmz.Requests;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Dmz.Customers;

/// <summary>
/// Hand-offs: a released launch is verified whole, opened and sealed into one envelope, and from then on only the agent's word in
/// the session, or time, ends it.
/// </summary>
internal sealed partial class CustomerKey
{
    /// <summary>Largest plaintext of an envelope: 4 MiB.</summary>
    private const int MaxEnvelope = 4 << 20;

    private readonly Dictionary<Id16, OpenHandOff> _inFlight = [];
    private readonly Dictionary<Id16, OpenHandOff> _uses = [];
    private readonly List<CustomerKeyMessage.Seal> _early = [];
    private readonly ReplayWindow _sealedOnce = new();
    private readonly VerifiedBatches _batches = new();
    private bool _recovered;

    private void OnSeal(CustomerKeyMessage.Seal message)
    {
        // Before the journal's open hand-offs are known, nobody can tell whether this one was sealed by an earlier incarnation.
        if (_state == KeyState.Unlocked && !_recovered && _early.Count < _node.Limits.MaxInFlight)
        {
            _early.Add(message);
            return;
        }

        if (_state == KeyState.Unlocked && WaitsForAgent(message))
        {
            return;
        }

        var refused = TrySeal(message, out var handOff, out var agent);
        if (refused is null)
        {
            return;
        }

        if (refused.Code == Codes.HeadUnknown && !message.Last && handOff is { } overtaken)
        {
            _sealedOnce.Forget(overtaken, message.Attempt);
            message.Provisioning.Tell(new ProvisioningMessage.Overtaken(message.Released));
            return;
        }

        if (refused.Code == Codes.HandOffReplayed && !message.Last)
        {
            // Its end may have come to the ledger after this was released: the zone says so when it is asked again.
            message.Provisioning.Tell(new ProvisioningMessage.Overtaken(message.Released));
            return;
        }

        if (handOff is { } known)
        {
            // The intent is recorded, so its end is too; nothing has left this actor.
            var open = new OpenHandOff(known, message.Request.Hash, message.Attempt, agent, message.Provisioning, null);
            End(open, IsPassing(refused.Code) ? HandOffState.NotSent : HandOffState.Refused, refused.Code);
            return;
        }

        if (_state == KeyState.Unlocked && refused.Code != Codes.Busy)
        {
            // What is no receipt for this is no user's doing: this node carried it.
            ReportRefusal($"node/{_node.Node}", UserAction.Launch.Name, refused.Code);
        }

        message.Provisioning.Tell(new ProvisioningMessage.NotSealed(refused));
        if (_state == KeyState.Unlocked && OrderOf(message.Request, message.Launch) is { } order)
        {
            Settle(order.HandOff);
        }
    }

    private static LaunchOrder? OrderOf(SignedRequest request, ReadOnlyMemory<byte> launch)
    {
        try
        {
            return LaunchOrder.Read(request, launch);
        }
        catch (MalformedException)
        {
            return null;
        }
    }

    private static bool IsPassing(string code) => code is Codes.AgentNotConnected or Codes.Busy or Codes.HeadUnknown;

    /// <param name="message">What the gateway brings.</param>
    /// <param name="handOff">Set once the intent is believed and nothing was sealed for it: then a refusal is the end of the
    /// hand-off.</param>
    /// <param name="agent">Whom the launch names.</param>
    private Refused? TrySeal(CustomerKeyMessage.Seal message, out Id16? handOff, out Name agent)
    {
        (handOff, agent) = (null, default);
        if (_state != KeyState.Unlocked)
        {
            return LockedRefusal();
        }

        if (!_recovered)
        {
            return new Refused(Codes.Busy, "the customer was unlocked just now; send the same request again");
        }

        if (VerifyReceipt(message, out var intent, out var order, out var released) is { } refused)
        {
            return refused;
        }

        agent = order.Launch.Agent;
        if (Joins(intent, message.Provisioning))
        {
            return null;
        }

        if (IsSealed(intent) is { } replayed)
        {
            return WaitsForEnd(intent, message.Provisioning) ? null : replayed;
        }

        handOff = intent.HandOff;
        if (Prove(released, WireSigned.From(message.Released.Head), out var entries) is { } forged)
        {
            return forged;
        }

        var leaves = released.Where(e => e.Key.Type == EntryKey.RowType).Select(e => e.Leaf).Order(DigestOrder.Instance);
        if (!leaves.SequenceEqual(intent.Leaves.Order(DigestOrder.Instance)))
        {
            return new Refused(Codes.ReceiptOfAnother, "the intent is of other rows");
        }

        var verified = VerifyRequest(message.Request, order.Action, entries, grave: false);
        if (verified.Refusal is { } code)
        {
            return Refuse(code);
        }

        if (order.Promotion is not null && VerifyHandOver(order, entries) is { } ended)
        {
            return ended;
        }

        if (!entries.TryGetValue(EntryKey.Grant(agent), out var entry) || _leaves.Read<Grant>(entry) is not { } grant)
        {
            return new Refused(Codes.AgentUnknown, "the agent is not in the customer's directory");
        }

        if (_inFlight.Count >= _node.Limits.MaxInFlight)
        {
            return new Refused(Codes.Busy, "too many hand-offs of this customer are in flight; try again");
        }

        if (Session(agent) is not { } link || !link.Grant.Key.Equals(grant.Key))
        {
            _node.Summons.Missing(_customer, agent);
            return new Refused(Codes.AgentNotConnected, "the agent is not connected; start it, and launch again");
        }

        if (!link.Unsent.HasRoom)
        {
            return Slow;
        }

        return grant.NotAfter < _node.Time.GetUtcNow()
            ? new Refused(Codes.GrantExpired, "the agent's grant is over; it receives nothing before it has renewed it")
            : SealEnvelope(message, intent, order, verified.Requester!.Role, link, grant, entries);
    }

    /// <summary>
    /// Whether the attempt may have been sealed before. A further one follows only the bar of the one before, and what an earlier
    /// incarnation released counts as sealed.
    /// </summary>
    private Refused? IsSealed(Intent intent)
    {
        var barred = _inFlight.TryGetValue(intent.HandOff, out var open) ? open.IsBarred && intent.Attempt == open.Attempt + 1
            : intent.Attempt == 1;
        return barred && _sealedOnce.TryAdd(intent.HandOff, intent.Attempt, _node.Time.GetUtcNow())
            ? null
            : new Refused(
                Codes.HandOffReplayed, "this attempt was sealed before, or the one before it was not barred; it is not sealed again");
    }

    /// <summary>Whether an earlier incarnation released the hand-off and nobody waits for its end: then this launch does.</summary>
    private bool Joins(Intent intent, ActorRef<ProvisioningMessage> provisioning)
    {
        if (!_inFlight.TryGetValue(intent.HandOff, out var open) || open.Provisioning is not null || open.Attempt != intent.Attempt)
        {
            return false;
        }

        _inFlight[intent.HandOff] = open with { Provisioning = provisioning };
        return true;
    }

    /// <summary>Whether the zone recorded this intent for this request, under this fence, a moment ago.</summary>
    private Refused? VerifyReceipt(
        CustomerKeyMessage.Seal message, out Intent intent, out LaunchOrder order, out IReadOnlyList<ProvenEntry> entries)
    {
        (intent, order, entries) = (null!, null!, []);
        if (_node.Ledger.Key is not { } ledger)
        {
            return new Refused(Codes.ZoneUnavailable, "the zone's ledger key is not known yet");
        }

        Block? block;
        IntentRecord record;
        try
        {
            block = Statement.Read<Receipt>(message.Released.Receipt.Span).Verify(ledger, _node.Cluster, _batches);
            if (block is null)
            {
                return new Refused(Codes.ReceiptForged, "the zone's receipt does not verify");
            }

            if (block.Kind != BlockKind.Intent || block.Chain != _customer.Value)
            {
                return new Refused(Codes.ReceiptOfAnother, "the receipt is of another customer or not of an intent");
            }

            record = Statement.Read<IntentRecord>(block.Body.Span);
            intent = Statement.Read<Intent>(record.Intent.Span);
            order = LaunchOrder.Read(message.Request, message.Launch);
            entries = [.. message.Released.Entries.Select(ProvenEntry.From)];
        }
        catch (MalformedException)
        {
            return new Refused(Codes.ReceiptForged, "the zone's answer is malformed");
        }

        return intent switch
        {
            _ when !record.Request.Span.SequenceEqual(message.Request.Encode()) ||
                !record.Launch.Span.SequenceEqual(message.Launch.Span) || intent.Request != message.Request.Hash ||
                intent.Attempt != message.Attempt || intent.HandOff != order.HandOff =>
                new Refused(Codes.ReceiptOfAnother, "the receipt is of another request"),
            _ when intent.Fence != _fence => new Refused(Codes.FenceStale, "the receipt is under another fence"),
            _ when intent.LockGeneration != _lockGeneration =>
                new Refused(Codes.LockStands, "the receipt is under another lock generation"),
            _ when !ReplayWindow.IsFresh(block.Time, _node.Time.GetUtcNow()) =>
                new Refused(Codes.ReceiptStale, "the receipt is too old; look at the clocks"),
            _ => null,
        };
    }

    private Refused? SealEnvelope(
        CustomerKeyMessage.Seal message, Intent intent, LaunchOrder order, Role role, AgentLink link, Grant grant,
        Dictionary<EntryKey, ProvenEntry> entries)
    {
        var (launch, opened) = (order.Launch, new List<SecretBuffer>());
        try
        {
            var items = new List<EnvelopeItem>();
            foreach (var item in launch.Items)
            {
                if (OpenItem(item, grant, role, entries, items, opened) is { } refused)
                {
                    return refused;
                }
            }

            var length = opened.Sum(o => o.Length);
            if (length > MaxEnvelope)
            {
                return new Refused(Codes.EnvelopeTooLarge, "the credentials of one launch are at most 4 MiB together");
            }

            using var body = SecretBuffer.Allocate(length);
            var rest = body.Span;
            foreach (var plaintext in opened)
            {
                plaintext.Span.CopyTo(rest);
                rest = rest[plaintext.Length..];
            }

            var request = Statement.Read<Request>(message.Request.Statement.Span);
            var limit = _node.Time.GetUtcNow() + _node.Limits.HandOffTimeout;
            var header = Header(MessageType.Envelope) with
            {
                HandOff = intent.HandOff,
                Request = intent.Request,
                Attempt = intent.Attempt,
                Items = items,
                NotAfter = request.NotAfter < limit ? request.NotAfter : limit,
                Replaces = order.Replaces,
            };
            var open = new OpenHandOff(intent.HandOff, intent.Request, intent.Attempt, launch.Agent, message.Provisioning, launch.Items);
            Send(link, header, body.Span);
            _inFlight[intent.HandOff] = open;
            Context.StartTimer(open.HandOff, new CustomerKeyMessage.GiveUp(open.HandOff, open.Attempt), _node.Limits.HandOffTimeout);
            return null;
        }
        catch (SecretMemoryExhaustedException)
        {
            return new Refused(Codes.Busy, "the node's locked memory is full; try again, or raise broker.secrets.capacity");
        }
        catch (SessionException problem)
        {
            _sessions.Remove(launch.Agent);
            Drop(link, problem.Code);
            return new Refused(Codes.AgentNotConnected, "the session is used up; the agent begins another");
        }
        finally
        {
            foreach (var plaintext in opened)
            {
                plaintext.Dispose();
            }
        }
    }

    private Refused? OpenItem(
        LaunchItem item, Grant grant, Role role, Dictionary<EntryKey, ProvenEntry> entries, List<EnvelopeItem> items,
        List<SecretBuffer> opened)
    {
        if (!entries.TryGetValue(EntryKey.Credential(item.Credential), out var proven)
            || _leaves.Read<CredentialEntry>(proven) is not { } entry)
        {
            return new Refused(Codes.CredentialUnknown, $"there is no credential {item.Credential}");
        }

        if (Allow(item, entry, grant, role, entries) is { } forbidden)
        {
            return forbidden;
        }

        var version = item.Version == 0 ? entry.Version : item.Version;
        if (Stages.Forbid(entry, version) is { } stands)
        {
            return stands;
        }

        if (!entries.TryGetValue(EntryKey.Row(item.Credential, version), out var row) || row.Read<StoredRow>() is not { } stored)
        {
            return new Refused(Codes.CredentialUnknown, $"there is no version {version} of {item.Credential}");
        }

        switch (RowCipher.TryOpen(_secret!, stored, entry, version, out var plaintext))
        {
            case RowFailure.None:
                opened.Add(plaintext!);
                items.Add(new EnvelopeItem(item.Credential, version, entry.Kind, item.Use, (uint)plaintext!.Length));
                return null;
            case RowFailure.WrongKey:
                return new Refused(Codes.RowWrongKey, "the row was encrypted under another key or epoch");
            case RowFailure.WrongPlace:
                return new Refused(Codes.RowWrongPlace, "the row belongs to another credential");
            default:
                return new Refused(Codes.RowAltered, "the row was altered");
        }
    }

    private Refused? Allow(
        LaunchItem item, CredentialEntry entry, Grant grant, Role role, Dictionary<EntryKey, ProvenEntry> entries)
    {
        var policy = entries.TryGetValue(EntryKey.Policy(entry.Policy), out var proven) ? _leaves.Read<ReleasePolicy>(proven) : null;
        if (policy is null)
        {
            return new Refused(
                Codes.PolicyForbids, $"{item.Credential} is brokered only: no policy hands it over; see brokerctl policy put");
        }

        return policy.Forbids(grant, item.Use, role) is { } why
            ? new Refused(Codes.PolicyForbids, $"policy {policy.Policy} {why}")
            : null;
    }

    private static string Limited(string code) => code.Length <= 64 ? code : code[..64];

    private sealed record OpenHandOff(
        Id16 HandOff, Digest Request, uint Attempt, Name Agent, ActorRef<ProvisioningMessage>? Provisioning,
        IReadOnlyList<LaunchItem>? Items, bool IsBarred = false, bool IsRecovered = false);
}
