using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Links.Zone;
using Broker.Protocol.Encoding;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Requests;

/// <summary>What the actor of one launch understands.</summary>
internal abstract record ProvisioningMessage
{
    private ProvisioningMessage()
    {
    }

    /// <summary>Ask the zone to release.</summary>
    public sealed record Release : ProvisioningMessage;

    /// <summary>The key actor did not believe the release; nothing was opened and there is no outcome that it could sign.</summary>
    public sealed record NotSealed(Refused Refusal) : ProvisioningMessage;

    /// <summary>
    /// What was released was overtaken, by a later head or by the hand-off's own end: release again, the same hand-off and attempt.
    /// </summary>
    public sealed record Overtaken(Wire.ReleaseReply Released) : ProvisioningMessage;

    /// <summary>The agent never saw this attempt, and will not open it any more.</summary>
    public sealed record Barred(uint Attempt) : ProvisioningMessage;

    /// <summary>The outcome is in the ledger.</summary>
    public sealed record Ended(string State, string Code) : ProvisioningMessage;

    /// <summary>The time of the hand-off is over.</summary>
    public sealed record Deadline : ProvisioningMessage;
}

/// <summary>Where a launch stands, for those who wait for it.</summary>
internal sealed record LaunchProgress(string State, string Code, uint Attempt);

/// <summary>
/// One launch: <c>Accepted → Released → Sealed → Acknowledged | Refused | NotSent | Unconfirmed</c>. It asks the zone to release,
/// brings rows and receipt to the key actor, and answers who waits. It cannot read what it carries.
/// </summary>
internal sealed partial class ProvisioningRequest : Actor<ProvisioningMessage>
{
    /// <summary>Attempts of one hand-off; the agent bars each before the next.</summary>
    internal const uint MaxAttempts = 3;

    // Each change of the customer overtakes a release at most once; more than so many in a row and the launch is not the one to wait.
    private const int MaxMoves = 16;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly DmzContext _node;
    private readonly LaunchOrder _order;
    private readonly CustomerRefs _refs;
    private readonly LaunchWaiters _waiters;
    private uint _attempt = 1;

    /// <summary>
    /// What was released under a head that then moved on: its intent stands, and needs an end if there is no other release.
    /// </summary>
    private Wire.ReleaseReply? _overtaken;
    private int _moves;

    /// <summary>A release was sent and its answer lost: an intent may stand that nobody but this actor knows of.</summary>
    private bool _mayStand;
    private bool _finished;

    public ProvisioningRequest(
        DmzContext node, LaunchOrder order, CustomerRefs refs, LaunchWaiters waiters)
    {
        _node = node;
        _order = order;
        _refs = refs;
        _waiters = waiters;
    }

    protected override ValueTask PreStart()
    {
        Context.Self.Tell(new ProvisioningMessage.Release());
        Context.StartTimer("deadline", new ProvisioningMessage.Deadline(), _node.Limits.HandOffTimeout);
        return ValueTask.CompletedTask;
    }

    protected override async ValueTask Receive(ProvisioningMessage message)
    {
        switch (message)
        {
            case ProvisioningMessage.Release:
                await Release();
                break;
            case ProvisioningMessage.NotSealed m when _mayStand:
                // Nobody waits any longer; the hand-off still gets an end.
                _waiters.Finish(new LaunchProgress("", m.Refusal.Code, _attempt), AnswerLost);
                break;
            case ProvisioningMessage.NotSealed m:
                Finish(HandOffState.Released, m.Refusal.Code, m.Refusal);
                break;
            case ProvisioningMessage.Overtaken m:
                _overtaken = m.Released;
                if (++_moves > MaxMoves)
                {
                    EndOvertaken();
                }
                else
                {
                    await Release();
                }

                break;
            case ProvisioningMessage.Barred m when m.Attempt == _attempt:
                await Again();
                break;
            case ProvisioningMessage.Barred:
                break;
            case ProvisioningMessage.Ended m:
                Finish(m.State, m.Code, null);
                break;
            case ProvisioningMessage.Deadline:
                // The key actor decides what is known, and its outcome ends this actor.
                _refs.Key.Tell(new CustomerKeyMessage.GiveUp(_order.HandOff, _attempt));
                Context.StartTimer("last", TimedOut, _node.Limits.HandOffTimeout);
                break;
            default:
                Context.Unhandled(message);
                break;
        }
    }

    protected override ValueTask PostStop()
    {
        if (!_finished)
        {
            _refs.Key.Tell(new CustomerKeyMessage.Settle(_order.HandOff));
        }

        _waiters.Abandon(new Refused(Codes.Internal, "the launch ended without an answer; ask for the hand-off's state"));
        return ValueTask.CompletedTask;
    }

    private async Task Release()
    {
        if (_node.Ledger.Key is null)
        {
            // Without the zone's key no receipt is believed: what was released now would stand open until the next unlock.
            Finish("", Codes.ZoneUnavailable, new Refused(
                Codes.ZoneUnavailable, "the credential zone was not reached yet; nothing was released"));
            return;
        }

        Wire.ReleaseReply reply;
        var fence = 0UL;
        try
        {
            var status = await _refs.Key.Ask<KeyStatus>(
                r => new CustomerKeyMessage.GetStatus(r), TimeSpan.FromSeconds(5), Context.Stopping);
            if (status.State != KeyState.Unlocked)
            {
                // Locked meanwhile: what stands is settled from the journal when the customer is unlocked again.
                Finish("", Codes.CustomerLocked, new Refused(
                    Codes.CustomerLocked, $"the customer is {status.State}; missing: {status.Missing}"));
                return;
            }

            fence = status.Fence;
            reply = await _node.Zone.ReleaseAsync(
                new Wire.ReleaseRequest
                {
                    Customer = _refs.Customer.Value,
                    Fence = status.Fence,
                    Request = ByteString.CopyFrom(_order.Request.Encode()),
                    Launch = ByteString.CopyFrom(_order.Derived.Span),
                    HandOff = ByteString.CopyFrom(_order.HandOff.ToArray()),
                    Attempt = _attempt,
                    ExpectedCounter = status.HeadCounter,
                },
                Context.Stopping);
        }
        catch (Exception problem) when (
            problem is ZoneUnknownOutcomeException or MalformedException ||
            (_mayStand && (problem is ZoneUnavailableException or AskTimeoutException)))
        {
            // The same request again is the same hand-off, so it is asked again until the zone says what became of it.
            _mayStand = true;
            Context.StartTimer("again", new ProvisioningMessage.Release(), RetryDelay);
            return;
        }
        catch (Exception problem) when (_overtaken is not null && (problem is ZoneException or AskTimeoutException))
        {
            EndOvertaken();
            return;
        }
        catch (Exception problem) when (_attempt > 1 &&
            problem is ZoneUnavailableException or AskTimeoutException or ZoneRefusedException { Code: not Codes.FenceStale })
        {
            // The attempt before was barred and there is no further one: with that the hand-off ends.
            _refs.Key.Tell(new CustomerKeyMessage.GiveUp(_order.HandOff, _attempt - 1));
            Context.StartTimer("last", TimedOut, _node.Limits.HandOffTimeout);
            return;
        }
        catch (ZoneRefusedException refused)
        {
            if (refused.Code == Codes.FenceStale)
            {
                _refs.Key.Tell(new CustomerKeyMessage.Deposed(fence));
            }
            else if (refused.Code == Codes.LockStands)
            {
                // Whoever raised the lock may have lost the answer, and told nobody: the key looks for itself, and wipes.
                _refs.Key.Tell(new CustomerKeyMessage.AskOwner(fence));
            }

            Finish("", refused.Code, new Refused(refused.Code, refused.Detail));
            return;
        }
        catch (ZoneUnavailableException)
        {
            Finish("", Codes.ZoneUnavailable, new Refused(
                Codes.ZoneUnavailable, "the credential zone cannot be reached; nothing was released"));
            return;
        }
        catch (AskTimeoutException)
        {
            Finish("", Codes.Busy, new Refused(Codes.Busy, "the customer's key is busy; try again"));
            return;
        }

        if (_mayStand)
        {
            _mayStand = false;
            Context.CancelTimer("last");
            Context.StartTimer("deadline", new ProvisioningMessage.Deadline(), _node.Limits.HandOffTimeout);
        }

        if (reply.Ended is { } ended)
        {
            _attempt = ended.Attempt;
            Finish(ended.State, ended.Code, null);
            return;
        }

        _waiters.Accepted(new LaunchProgress(HandOffState.Released, "", _attempt));
        Seal(reply, last: false);
    }

    private void EndOvertaken() => Seal(_overtaken!, last: true);

    private void Seal(Wire.ReleaseReply released, bool last) => _refs.Key.Tell(
        new CustomerKeyMessage.Seal(_order.Request, _attempt, released, Context.Self, last) { Launch = _order.Derived });

    private static ProvisioningMessage.NotSealed TimedOut { get; } = new(new Refused(Codes.TimedOut, "the launch timed out"));

    private static Refused AnswerLost { get; } = new(
        Codes.OutcomeUnknown, "the zone's answer was lost; send the same request again, it is not done twice");

    private async Task Again()
    {
        _attempt++;
        _overtaken = null;
        await Release();
    }

    private void Finish(string state, string code, Refused? refusal)
    {
        if (refusal is not null && (_mayStand || state == HandOffState.Released))
        {
            _refs.Key.Tell(new CustomerKeyMessage.Settle(_order.HandOff));
        }

        _finished = true;
        _waiters.Finish(new LaunchProgress(state, code, _attempt), refusal);
        Context.StopSelf();
    }
}
