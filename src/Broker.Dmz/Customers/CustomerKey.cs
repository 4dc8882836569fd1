using Broker.Actors;
using Broker.Dmz.Node;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;
using Broker.Secrets;
using Microsoft.Extensions.Logging;

namespace Broker.Dmz.Customers;

/// <summary>
/// The only actor that holds a customer's secret: <c>Locked → Unlocking → Unlocked</c>. It opens, seals and signs inside itself
/// and believes none of its callers: users by their signatures, rows by the head that it signed, the zone by its receipts.
/// It never awaits the zone; rows and receipts come to it.
/// </summary>
internal sealed partial class CustomerKey : Actor<CustomerKeyMessage>
{
    private const string AbandonTimer = "abandon";

    private readonly DmzContext _node;
    private readonly Name _customer;
    private readonly ILogger _log;
    private readonly LeafCache _leaves = new();

    private ActorRef<WriterMessage>? _writer;
    private ActorRef<OutcomeMessage>? _outcomes;
    private ActorRef<RefusalMessage>? _refusals;
    private long _notReported;
    private CustomerSecret? _secret;
    private string _state;
    private string? _lastFailure;
    private long _turn;

    // Of the customer while it is unlocked.
    private CustodyRecord? _custody;
    private Head? _head;
    private Pending? _pending;
    private LedgerPoint _ledger = new(0, Digest.Zero);
    private ulong _fence;
    private ulong _lockGeneration;

    public CustomerKey(DmzContext node, Name customer, bool exists, ILogger log)
    {
        _node = node;
        _customer = customer;
        _log = log;
        _state = exists ? KeyState.Locked : KeyState.Unknown;
    }

    // A failure in one message must not cost the secret, so nothing here is restarted; what a message began is undone in its handler.
    protected override SupervisorStrategy SupervisorStrategy => KeepState;

    /// <summary>Resume: state survives a failed message.</summary>
    public static SupervisorStrategy KeepState { get; } = new OneForOneStrategy(decider: static _ => Directive.Resume);

    protected override ValueTask PreStart()
    {
        _writer = Context.Spawn(
            Props<WriterMessage>.Of(() => new CustomerWriter(_node, _customer, Context.Self, _log)).WithMailbox(1024), "writer");
        _outcomes = Context.Spawn(
            Props<OutcomeMessage>.Of(() => new OutcomeAppender(_node, _customer, Context.Self, _log)).WithMailbox(65_536), "outcomes");
        _refusals = Context.Spawn(
            Props<RefusalMessage>.Of(() => new RefusalReporter(_node, _customer, _log)).WithMailbox(RefusalReporter.Capacity), "refusals");
        return ValueTask.CompletedTask;
    }

    protected override void Dispose(bool disposing)
    {
        ClearSecrets();
        _node.Held.Remove(_customer);
        base.Dispose(disposing);
    }

    /// <summary>The custody that waits for its holders: of an enrolment, or of a change while unlocked.</summary>
    private CustodySetup? Waiting => _state == KeyState.Enrolling ? _setup : _change?.Setup;

    private KeyStatus Status() => new(
        _state,
        Waiting is { } waiting ? (uint)waiting.Needed : Needed(),
        Waiting?.Confirmed ?? GivenShares(),
        _lastFailure,
        Waiting?.Challenge,
        _state == KeyState.Unlocked ? _fence : 0,
        _state == KeyState.Unlocked ? _head!.Value.Counter : 0)
    {
        Missing = _state == KeyState.Enrolling ? "" : Missing,
    };

    /// <summary>Ends what this incarnation of the secret began: nothing of the customer stays in memory.</summary>
    private void Wipe(string reason)
    {
        if (_secret is not null || _shares.Count > 0)
        {
            Log.Wiped(_log, _customer, reason);
        }

        EndSessions(Codes.CustomerLocked);
        AppendEnded();
        ClearSecrets();
        _state = _state is KeyState.Unknown or KeyState.Enrolling ? KeyState.Unknown : KeyState.Locked;
    }

    private void ClearSecrets()
    {
        _turn++;
        ClearTransfers();
        ClearEnrolment();
        DropChange();
        ClearShares();
        foreach (var session in _sessions.Values)
        {
            session.Context?.Dispose();
        }

        _sessions.Clear();
        _hellos.Clear();
        _leaves.Clear();
        Abandon(LockedRefusal());
        _secret?.Dispose();
        _secret = null;
        _head = null;
        _pending = null;
        (_resealed, _rotated) = (null, null);
        _claim = null;
        (_given, _unattended) = (null, false);
    }

    /// <summary>Has an authenticated principal's refusal recorded, where there is a place in the line for it.</summary>
    private void ReportRefusal(string principal, string action, string code) =>
        _notReported = _refusals!.TryTell(new RefusalMessage.Report(principal, action, code, _notReported)) == TellResult.Busy
            ? _notReported + 1 : 0;

    private Refused LockedRefusal() => _state switch
    {
        KeyState.LiftNeeded => new Refused(
            Codes.LiftNeeded, "the key is there, the lock stands; an administrator runs brokerctl customer lift"),
        KeyState.Claiming => Deposed,
        KeyState.Holding => NotOwner,
        KeyState.Unknown => new Refused(Codes.CustomerUnknown, "no such customer; brokerctl customer enrol makes one"),
        KeyState.Enrolling => new Refused(
            Codes.CustomerLocked, "the customer is being enrolled; whoever keeps a share or a wrap confirms it first"),
        _ => new Refused(Codes.CustomerLocked, $"the customer is locked; missing: {Missing}; see brokerctl customer unlock"),
    };

    private sealed record Head(CustomerHead Value, Signed Signed);

    private sealed record Pending(Head Head, IReadOnlyList<(Digest Key, Digest Leaf)> Leaves, IReadOnlyList<EntryKey> Keys)
    {
        /// <summary>The custody record that counts from the commit on, where the head brings another.</summary>
        public CustodyRecord? Custody { get; init; }

        /// <summary>Whether the head ends a rotation.</summary>
        public bool EndsRotation { get; init; }
    }

    private static partial class Log
    {
        [LoggerMessage(2001, LogLevel.Information, "customer {Customer}: wiped ({Reason})")]
        public static partial void Wiped(ILogger log, Name customer, string reason);

        [LoggerMessage(2002, LogLevel.Error, "customer {Customer}: the zone gave a {Type} entry that is not under the head")]
        public static partial void Forged(ILogger log, Name customer, string type);

        [LoggerMessage(2003, LogLevel.Information, "customer {Customer}: unlocked with fence {Fence}, head {Counter}")]
        public static partial void Unlocked(ILogger log, Name customer, ulong fence, ulong counter);

        [LoggerMessage(2004, LogLevel.Warning, "customer {Customer}: unlock failed ({Code})")]
        public static partial void UnlockFailed(ILogger log, Name customer, string code);

        [LoggerMessage(2007, LogLevel.Information, "customer {Customer}: epoch {Epoch} began")]
        public static partial void Rotated(ILogger log, Name customer, uint epoch);

        [LoggerMessage(2008, LogLevel.Information, "customer {Customer}: no row of epoch {Epoch} is left, its secret is wiped")]
        public static partial void RotationEnded(ILogger log, Name customer, uint epoch);

        [LoggerMessage(2006, LogLevel.Warning, "customer {Customer}: fence {Fence} was overtaken by another claim")]
        public static partial void Deposed(ILogger log, Name customer, ulong fence);

        [LoggerMessage(2005, LogLevel.Warning, "customer {Customer}: session of agent {Agent} refused ({Code})")]
        public static partial void SessionRefused(ILogger log, Name customer, Name agent, string code);
    }
}
