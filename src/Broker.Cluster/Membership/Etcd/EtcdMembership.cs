using System.Collections.Immutable;
using Broker.Cluster.Etcd;
using Broker.Links.Identity;
using Broker.Protocol.Identifiers;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Broker.Cluster;

/// <summary>
/// Membership by etcd: a key for each node under a lease. One loop keeps the lease and lists the members, three times in a time to live;
/// another watches them, so that a change is known at once. What one of the two misses the other brings. A view is current while the last
/// list, and this node's own lease, are younger than a time to live less a margin, counted from when they were asked for. Without etcd
/// nobody is added or taken away.
/// </summary>
public sealed partial class EtcdMembership : IMembership
{
    private readonly EtcdMembershipOptions _options;
    private readonly EtcdClient _client;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly EtcdKeys _keys;
    private readonly ByteString _end;
    private readonly ViewBroadcast _broadcast = new();
    private readonly Alarm _alarm;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ITimer _expiry;
    private readonly Task _beating;
    private readonly Task _watching;
    private readonly Task _writing;
    private readonly EtcdAlarms _alarms;
    private readonly Task _lookingAtAlarms;

    // What follows is changed under the lock; nothing is awaited or told under it.
    private readonly Lock _lock = new();
    private readonly MemberTable _table;
    private Joining? _joining;
    private TaskCompletionSource? _leaving;
    private Member? _left;
    private EtcdLease? _lease;
    private long? _listUntil;
    private long _currentUntil = long.MinValue;
    private int _disposed;

    /// <summary>Begins to look at who takes part. Nothing has joined yet; the caller disposes it.</summary>
    /// <param name="settings">Where etcd is.</param>
    /// <param name="cluster">The installation's id: <see cref="LinkTrust.Cluster"/>.</param>
    /// <param name="time">Measures leases and waits.</param>
    /// <param name="logger">For what an operator should know.</param>
    /// <exception cref="InstallationKeyException">A certificate or key for etcd cannot be used.</exception>
    public static EtcdMembership Create(EtcdSettings settings, Name cluster, TimeProvider time, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var tls = EtcdTls.Load(settings.Authority, settings.Certificate, settings.Key);
        var client = new EtcdClient(new EtcdClientOptions(settings.Endpoints), tls, time);
        return new EtcdMembership(new EtcdMembershipOptions(cluster, settings.Ttl), client, time, logger);
    }

    /// <summary>Begins to look at who takes part.</summary>
    /// <param name="options">How.</param>
    /// <param name="client">The way to etcd; owned from here on.</param>
    /// <param name="time">Measures leases and waits.</param>
    /// <param name="logger">Hears of transitions, not of each failure.</param>
    internal EtcdMembership(EtcdMembershipOptions options, EtcdClient client, TimeProvider time, ILogger logger)
    {
        _options = options;
        _client = client;
        _time = time;
        _logger = logger;
        _keys = new EtcdKeys(options.Cluster);
        _end = EtcdKeys.EndOf(_keys.Members);
        _table = new MemberTable(_keys.Members);
        _alarm = new Alarm(time);
        Agents = new EtcdAgentDirectory(client, _keys, options.Ttl / 10, time);
        _expiry = time.CreateTimer(static m => ((EtcdMembership)m!).Publish(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _beating = Task.Run(BeatOnAsync);
        _watching = Task.Run(WatchOnAsync);
        _writing = Task.Run(() => Agents.WriteOnAsync(_stopping.Token));
        _alarms = new EtcdAlarms(client, options.AlarmsEvery, time, logger);
        _lookingAtAlarms = Task.Run(() => _alarms.LookOnAsync(_stopping.Token));
    }

    /// <summary>Where agents are connected; this node's own stand under its lease, while it has joined.</summary>
    public EtcdAgentDirectory Agents { get; }

    /// <inheritdoc/>
    public ClusterView View
    {
        get
        {
            // A timer says when a view is no longer current; it may be late where the process was stopped for a while.
            if (_broadcast.View is { IsCurrent: true } && _time.GetTimestamp() >= Volatile.Read(ref _currentUntil))
                Publish();
            return _broadcast.View;
        }
    }

    /// <summary>What etcd says is wrong with it.</summary>
    internal EtcdAlarms Alarms => _alarms;

    /// <summary>How it goes, for operators.</summary>
    public EtcdMembershipStatus Status
    {
        get
        {
            lock (_lock)
            {
                return new EtcdMembershipStatus(
                    IsJoinedNeedsLock(), _joining?.IsReplaced ?? false, _table.Skipped, _foundByList, _restarts, _failure,
                    _alarms.Standing);
            }
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">Others could not read the member: its address is no https origin, or its version is not 1 to 64
    /// printable characters.</exception>
    /// <exception cref="InvalidOperationException">It has joined as another, and not left.</exception>
    public Task JoinAsync(Member self, CancellationToken cancellationToken)
    {
        if (!MemberEntries.IsValid(self))
            throw new ArgumentException("a member has an https://host:port address and a version of printable characters", nameof(self));
        Joining joining;
        lock (_lock)
        {
            if (_joining is { } before && before.Self != self)
                throw new InvalidOperationException("this node takes part already, as another start");
            joining = _joining ??= new Joining(self);
            _left = null;
        }

        _alarm.Ring();
        return joining.Joined.Task.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task LeaveAsync(CancellationToken cancellationToken)
    {
        Task left;
        lock (_lock)
        {
            if (_joining is null && _leaving is null)
                return Task.CompletedTask;
            _joining?.Joined.TrySetCanceled(CancellationToken.None);
            _left = _joining?.Self ?? _left;
            _joining = null;
            left = (_leaving ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        _alarm.Ring();
        return left.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public IDisposable Watch(Action<ClusterView> changed) => _broadcast.Watch(changed);

    /// <summary>Stops looking. A node that has not left is seen by others until its lease is over.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_beating, _watching, _writing, _lookingAtAlarms).ConfigureAwait(false);
        await _expiry.DisposeAsync().ConfigureAwait(false);
        lock (_lock)
        {
            _joining?.Joined.TrySetCanceled(CancellationToken.None);
            _leaving?.TrySetResult();
        }

        _client.Dispose();
        _stopping.Dispose();
    }

    private void Publish()
    {
        _broadcast.Change(last =>
        {
            lock (_lock)
            {
                var until = CurrentUntilNeedsLock();
                var now = _time.GetTimestamp();
                Volatile.Write(ref _currentUntil, until ?? long.MinValue);
                var isCurrent = until > now;
                if (isCurrent)
                    _expiry.Change(_time.GetElapsedTime(now, until!.Value) + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
                // Before the first list there is nothing to show.
                return _table.Revision == 0 ? null : new ClusterView(last.Version, ShownNeedsLock(), isCurrent);
            }
        });
    }

    // Who has left is not shown any more, whether etcd could be told or not.
    private ImmutableArray<Member> ShownNeedsLock() =>
        _left is { } self ? _table.Members.Remove(self) : _table.Members;

    private long? CurrentUntilNeedsLock() => _joining switch
    {
        null => _listUntil,
        _ when IsJoinedNeedsLock() && _listUntil is { } list => Math.Min(list, _lease!.Until),
        _ => null,
    };

    private bool IsJoinedNeedsLock() =>
        _joining is { } joining && _lease is { } lease && _table.Find(joining.Key(_keys)) is { } entry &&
        entry.Lease == lease.Id && entry.Member == joining.Self;

    /// <summary>That this node is to take part, and how far it has come.</summary>
    private sealed class Joining(Member self)
    {
        public Member Self => self;

        public TaskCompletionSource Joined { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Whether this start has once replaced the one before it. From then on it writes only where nobody else stands.</summary>
        public bool HasWritten { get; set; }

        /// <summary>Whether another start of the node stands in its place.</summary>
        public bool IsReplaced { get; set; }

        public ByteString Key(EtcdKeys keys) => keys.Member(self.Node);
    }
}
