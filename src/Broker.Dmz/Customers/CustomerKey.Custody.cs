using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Dmz.Customers;

/// <summary>
/// Change of custody while the customer is unlocked: administrators ask, the custody is made from the secret that is here, its
/// holders confirm, and only the commit makes it count. A crash, a lock or an hour before that leaves the custody as it was.
/// </summary>
internal sealed partial class CustomerKey
{
    private const string CustodyTimer = "custody";
    private const string CustodyRetryTimer = "custody-retry";

    private static readonly TimeSpan CustodyRetryDelay = TimeSpan.FromSeconds(1);

    private CustodyChange? _change;

    private void OnBeginCustody(CustomerKeyMessage.BeginCustody message)
    {
        var begun = BeginCustody(message);
        if (begun.Value is not { } model || _change!.Setup.TokenWraps.Count == 0)
        {
            message.ReplyTo.Tell(begun);
            return;
        }

        KeepInTokens(_change, model, message.ReplyTo);
    }

    private Result<EnrolledModel> BeginCustody(CustomerKeyMessage.BeginCustody message)
    {
        if (_state != KeyState.Unlocked)
        {
            return LockedRefusal();
        }

        if (_change is { Setup.IsComplete: true })
        {
            return new Refused(Codes.Busy, "a change of custody is being committed; look at the customer's state");
        }

        if (Prove(message.Entries, message.Head, out var proven) is { } forged)
        {
            return forged;
        }

        try
        {
            return message.Action == UserAction.ChangeCustody
                ? BeginChange(message, Statement.Read<ChangeCustodyPayload>(message.Request.Payload.Span), proven)
                : BeginRotation(message, Statement.Read<RotatePayload>(message.Request.Payload.Span), proven);
        }
        catch (MalformedException problem)
        {
            return new Refused(Codes.PlanRefused, problem.Message);
        }
        catch (SecretMemoryExhaustedException)
        {
            return MemoryFull;
        }
    }

    private Result<EnrolledModel> BeginChange(
        CustomerKeyMessage.BeginCustody message, ChangeCustodyPayload payload, Dictionary<EntryKey, ProvenEntry> proven)
    {
        payload.Validate();
        if ((VerifyCustody(message, proven, payload.AdministratorsRequired) ?? VerifyTokens(payload.Ways)) is { } refused)
        {
            return refused;
        }

        if (payload.Epoch != _custody!.Epoch || payload.Replaces != _custody.Revision)
        {
            return CustodyMoved(_custody);
        }

        return Begin(new CustodyChange(
            message.Request, message.Action,
            CustodySetup.Make(
                _node, _secret!, payload.Ways, payload.AdministratorsRequired, checked(payload.Replaces + 1), message.Request.Hash),
            secret: null));
    }

    // As many sign as will be required, so that nobody sets a number that there are not.
    private Refused? VerifyCustody(
        CustomerKeyMessage.BeginCustody message, Dictionary<EntryKey, ProvenEntry> proven, uint administrators)
    {
        var verified = RequestVerifier.Verify(
            message.Request, _node.Cluster, _customer, message.Action,
            user => proven.TryGetValue(EntryKey.User(user), out var entry) ? _leaves.Read<UserEntry>(entry) : null,
            Math.Max(_custody!.AdministratorsRequired, administrators), grave: true, _node.Time.GetUtcNow());
        if (verified.Refusal is { } code)
        {
            return Refuse(code);
        }

        // It would be refused at its commit; nobody confirms for nothing.
        return proven.TryGetValue(ChangeKeys.Record(message.Request), out var record) && record.Leaf != Protocol.Identifiers.Digest.Zero
            ? new Refused(Codes.AlreadyCommitted, "the request was committed before; sign a new one")
            : null;
    }

    private static Refused CustodyMoved(CustodyRecord custody) => new(
        Codes.VersionConflict,
        $"the customer's custody is epoch {custody.Epoch}, revision {custody.Revision}; look at it and sign for that one");

    // A request that comes while another one waits takes its place: who has mistyped need not wait for an hour.
    private EnrolledModel Begin(CustodyChange change)
    {
        DropChange();
        _change = change;
        _lastFailure = null;
        Context.StartTimer(CustodyTimer, new CustomerKeyMessage.GiveUpCustody(change.Request.Hash), EnrolmentTimeout);
        return change.Setup.Model;
    }

    private Result<KeyStatus> OnConfirmChange(CustomerKeyMessage.Confirm message)
    {
        if (_change is not { } change)
        {
            return new Refused(Codes.NotEnrolling, "no change of custody waits for confirmations; begin again");
        }

        var wasComplete = change.Setup.IsComplete;
        if (change.Setup.Confirm(message.Way, message.Index, message.Answer) is { } refused)
        {
            return refused;
        }

        if (change.Setup.IsComplete && !wasComplete)
        {
            _writer!.Tell(new WriterMessage.ChangeCustody(change.Change));
        }

        return Status();
    }

    private void OnRetryCustody()
    {
        if (_state == KeyState.Unlocked && _change is { Setup.IsComplete: true } change)
        {
            _writer!.Tell(new WriterMessage.ChangeCustody(change.Change));
        }
    }

    private void OnGiveUpCustody(CustomerKeyMessage.GiveUpCustody message)
    {
        // What is being committed is not given up: the zone's answer tells what counts.
        if (_change is { } change && change.Request.Hash == message.Request && _pending?.Custody is null)
        {
            _lastFailure = Codes.TimedOut;
            DropChange();
        }
    }

    /// <summary>The writer's answer, which comes behind <see cref="OnSettled"/>.</summary>
    private void OnCustodyChanged(CustomerKeyMessage.CustodyChanged message)
    {
        if (message.Result.Code is not { } code || _change is not { } change || change.Request.Hash != message.Request)
        {
            return;
        }

        if (IsPassing(code) || code is Codes.ZoneUnavailable or Codes.CounterStale)
        {
            Context.StartTimer(CustodyRetryTimer, new CustomerKeyMessage.RetryCustody(), CustodyRetryDelay);
            return;
        }

        _lastFailure = code;
        DropChange();
    }

    /// <summary>Whether a change that no user signed, or that holders confirmed, is what it says.</summary>
    private Refused? Believe(Change change) => change switch
    {
        Change.Custody custody => BelieveCustody(custody),
        Change.Rotation rotation => BelieveRotation(rotation),
        _ => null,
    };

    private Refused? BelieveCustody(Change.Custody change) =>
        _change is { Setup.IsComplete: true } own && own.Request.Hash == change.Request.Hash && own.Setup.Signed.Hash == change.Record.Hash
            ? null
            : new Refused(Codes.CustodyForged, "no holder confirmed this custody here");

    private void OnCustodyCommitted(CustodyRecord record)
    {
        RemoveSuperseded(_custody!, record);
        _custody = record;
        var secret = _change?.TakeSecret();
        _change?.Settle();
        DropChange();
        if (secret is not null)
        {
            BeginEpoch(secret);
        }
    }

    private void DropChange()
    {
        if (_change is { } change)
        {
            RemoveFromTokens(change);
            change.Dispose();
        }

        _change = null;
        Context.CancelTimer(CustodyTimer);
        Context.CancelTimer(CustodyRetryTimer);
    }
}
