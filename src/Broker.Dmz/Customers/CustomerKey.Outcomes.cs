using Broker.Actors;
using Broker.Dmz.Requests;
using Broker.Protocol.Ledger;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Customers;

/// <summary>
/// Outcomes are signed here and appended by a child. While it appends, further ones gather and are then signed as one: a
/// signature and a block are paid once for all of them.
/// </summary>
internal sealed partial class CustomerKey
{
    private readonly List<EndedHandOff> _ended = [];
    private readonly Dictionary<long, IReadOnlyList<EndedHandOff>> _appending = [];
    private long _appends;

    private void Append(OpenHandOff open, string state, string code)
    {
        _ended.Add(new EndedHandOff(
            new Outcome(open.HandOff, open.Attempt, open.Request, state, code, _node.Time.GetUtcNow()), open.Provisioning));
        if (_appending.Count == 0 || _ended.Count >= Outcomes.MaxItems)
        {
            AppendEnded();
        }
    }

    /// <summary>Whether the attempt has ended and its end is on the way to the ledger: then this launch is told of it.</summary>
    private bool WaitsForEnd(Intent intent, ActorRef<ProvisioningMessage> provisioning)
    {
        var end = _appending.Values.SelectMany(static e => e).Concat(_ended).FirstOrDefault(e =>
            e.Outcome.HandOff == intent.HandOff && e.Outcome.Attempt == intent.Attempt && HandOffState.EndsHandOff(e.Outcome.State));
        if (end is null)
        {
            return false;
        }

        end.Provisioning = provisioning;
        return true;
    }

    /// <summary>Signs what has gathered. Also the last act before the secret is wiped, so that a lock loses no outcome.</summary>
    private void AppendEnded()
    {
        foreach (var part in _ended.Chunk(Outcomes.MaxItems))
        {
            AppendAsOne(part);
        }

        _ended.Clear();
    }

    private void AppendAsOne(IReadOnlyList<EndedHandOff> ended)
    {
        var signed = _secret!.Sign(new Outcomes(_node.Cluster, _customer, [.. ended.Select(static e => e.Outcome)]));
        _appending.Add(++_appends, ended);
        _outcomes!.Tell(new OutcomeMessage.Append(_appends, signed, _fence));
    }

    private void OnAppended(CustomerKeyMessage.Appended message)
    {
        if (!_appending.Remove(message.Id, out var ended))
        {
            return;
        }

        if (ended is [var single] && message.Stands is { } stands && IsEndedAnew(single, stands))
        {
            return;
        }

        if (message.Refusal == Codes.BadSignature && message.Id <= _appendsOfEpochBefore && _secret is not null)
        {
            // Signed by the identity of the epoch before, and overtaken by the succession.
            AppendAsOne(ended);
            return;
        }

        if (message.Refusal == Codes.BadSignature && _pending is { Custody: not null } && _change?.Secret is not null)
        {
            // The epoch may have begun in the zone, and its answer be on the way still: signed anew when that is certain.
            _ended.InsertRange(0, ended);
            return;
        }

        if (message.Refusal is { } refusal && ended.Count > 1 && _secret is not null && refusal != Codes.FenceStale)
        {
            // All or none were appended: each by itself gets its own answer.
            foreach (var one in ended)
            {
                AppendAsOne([one]);
            }

            return;
        }

        foreach (var (outcome, provisioning) in ended)
        {
            if (message.Refusal == Codes.WrongAttempt)
            {
                Settle(outcome.HandOff);
            }

            provisioning?.Tell(message.Refusal is { } code
                ? new ProvisioningMessage.NotSealed(new Refused(code, "the zone did not take the outcome; ask for the hand-off's state"))
                : new ProvisioningMessage.Ended(outcome.State, outcome.Code));
        }

        if (_appending.Count == 0)
        {
            AppendEnded();
        }
    }

    /// <summary>
    /// A later attempt was released while this one ended: the end holds for it too, and it is never sealed. False where it was.
    /// </summary>
    private bool IsEndedAnew(EndedHandOff ended, Wire.HandOff stands)
    {
        var (outcome, provisioning) = ended;
        if (_state != KeyState.Unlocked || stands.Attempt <= outcome.Attempt)
        {
            return false;
        }

        if (HandOffState.EndsUse(outcome.State))
        {
            return stands.State == HandOffState.Acknowledged && stands.UseState.Length == 0 && Again(provisioning);
        }

        // Found in the journal meanwhile it counts as sealed; but who sealed the attempt before, here, knows that this one never was.
        var isRecovered = _inFlight.TryGetValue(outcome.HandOff, out var open) && open.IsRecovered;
        if (stands.State != HandOffState.Released || (open is not null && !isRecovered) ||
            (!_sealedOnce.TryAdd(outcome.HandOff, stands.Attempt, _node.Time.GetUtcNow()) && !isRecovered))
        {
            return false;
        }

        _inFlight.Remove(outcome.HandOff);
        Context.CancelTimer(outcome.HandOff);
        if (_uses.TryGetValue(outcome.HandOff, out var use))
        {
            _uses[outcome.HandOff] = use with { Attempt = stands.Attempt };
        }

        return Again(open?.Provisioning ?? provisioning);

        bool Again(ActorRef<ProvisioningMessage>? waits)
        {
            AppendAsOne([new EndedHandOff(outcome with { Attempt = stands.Attempt }, waits)]);
            return true;
        }
    }

    private sealed record EndedHandOff(Outcome Outcome, ActorRef<ProvisioningMessage>? Provisioning)
    {
        /// <summary>Who is told when it stands: whoever asked last.</summary>
        public ActorRef<ProvisioningMessage>? Provisioning { get; set; } = Provisioning;
    }
}
