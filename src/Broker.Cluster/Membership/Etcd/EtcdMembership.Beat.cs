using Broker.Cluster.Etcd;
using Broker.Cluster.Etcd.Wire;
using Microsoft.Extensions.Logging;

namespace Broker.Cluster;

// The loop that keeps the lease, lists the members and sees to it that this node is among them. One call at a time.
public sealed partial class EtcdMembership
{
    private string? _failure;
    private long _beats;

    /// <summary>How often all was well: a test that waits for the next one knows that what it did before was looked at.</summary>
    internal long Beats => Volatile.Read(ref _beats);

    /// <summary>Looks now, instead of when it is time.</summary>
    internal void BeatNow() => _alarm.Ring();

    private TimeSpan Period
    {
        get
        {
            lock (_lock)
                return (_lease?.Ttl ?? _options.Ttl) / 3;
        }
    }

    private async Task BeatOnAsync()
    {
        var failures = 0;
        try
        {
            while (true)
            {
                failures = await TryBeatAsync().ConfigureAwait(false) ? 0 : failures + 1;
                await _alarm.WaitAsync(Backoff(failures), _stopping.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The end of the loop.
        }
    }

    // Without a failure: a third of a time to live.
    private TimeSpan Backoff(int failures)
    {
        var wait = _options.RetryFrom * Math.Pow(2, Math.Clamp(failures - 1, 0, 10));
        return failures == 0 || wait > Period ? Period : wait;
    }

    private async Task<bool> TryBeatAsync()
    {
        TaskCompletionSource? leaving;
        lock (_lock)
            leaving = _leaving;
        string? failure = null;
        try
        {
            await BeatAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (EtcdException e)
        {
            failure = e.Message;
        }

        Note(failure);
        Publish();
        // Said or not: who leaves does not wait for an etcd that is gone.
        if (leaving is not null)
        {
            lock (_lock)
                _leaving = null;
            leaving.TrySetResult();
        }

        if (failure is null)
            Interlocked.Increment(ref _beats);
        return failure is null;
    }

    private async Task BeatAsync(CancellationToken cancellationToken)
    {
        Joining? joining;
        lock (_lock)
            joining = _joining;
        if (joining is null)
            await GiveUpLeaseAsync(cancellationToken).ConfigureAwait(false);
        else
            await KeepLeaseAsync(cancellationToken).ConfigureAwait(false);
        await ListAsync(cancellationToken).ConfigureAwait(false);
        if (joining is null)
        {
            TellAgents(null);
            return;
        }

        if (!IsJoined() && await WriteSelfAsync(joining, cancellationToken).ConfigureAwait(false))
            await ListAsync(cancellationToken).ConfigureAwait(false);
        if (IsJoined() && joining.Joined.TrySetResult())
            LogJoined(_logger, joining.Self.Node.Value);
        TellAgents(joining);
    }

    // Also while another start stands in this one's place: agents that are connected here are connected here.
    private void TellAgents(Joining? joining)
    {
        EtcdLease? lease;
        lock (_lock)
            lease = _lease;
        Agents.Own(joining is null || lease is null
            ? null : new EtcdAgentDirectory.Owner(joining.Self.Node, joining.Self.Incarnation, lease.Id));
    }

    private bool IsJoined()
    {
        lock (_lock)
            return IsJoinedNeedsLock();
    }

    private async Task GiveUpLeaseAsync(CancellationToken cancellationToken)
    {
        EtcdLease? lease;
        lock (_lock)
            (lease, _lease) = (_lease, null);
        if (lease is null)
            return;
        try
        {
            await _client.CallAsync(EtcdMethods.Revoke, new RevokeRequest { Id = lease.Id }, cancellationToken).ConfigureAwait(false);
        }
        catch (EtcdException e) when (e.Failure == EtcdFailure.NotFound)
        {
            // Over already.
        }
    }

    private async Task KeepLeaseAsync(CancellationToken cancellationToken)
    {
        EtcdLease? held;
        lock (_lock)
            held = _lease;
        if (held is not null && await RenewAsync(held, cancellationToken).ConfigureAwait(false))
            return;
        if (held is not null)
        {
            lock (_lock)
                _lease = null;
            LogLeaseLost(_logger);
            Agents.Own(null);
            Publish();
        }

        var sent = _time.GetTimestamp();
        var asked = new GrantRequest { Ttl = (long)Math.Ceiling(_options.Ttl.TotalSeconds) };
        var granted = await _client.CallAsync(EtcdMethods.Grant, asked, cancellationToken).ConfigureAwait(false);
        if (granted.Id == 0 || granted.Ttl <= 0)
            throw new EtcdException(EtcdFailure.Malformed, mayHaveHappened: true, "etcd granted no lease");
        lock (_lock)
            _lease = EtcdLease.Granted(granted.Id, granted.Ttl, sent, _time);
    }

    // False: etcd says that there is no such lease. Silence says nothing.
    private async Task<bool> RenewAsync(EtcdLease held, CancellationToken cancellationToken)
    {
        var sent = _time.GetTimestamp();
        try
        {
            var kept = await _client.CallAsync(EtcdMethods.KeepAlive, new KeepAliveRequest { Id = held.Id }, cancellationToken)
                .ConfigureAwait(false);
            if (kept.Id != held.Id || kept.Ttl <= 0)
                return false;
            lock (_lock)
                _lease = EtcdLease.Granted(held.Id, kept.Ttl, sent, _time);
            return true;
        }
        catch (EtcdException e) when (e.Failure == EtcdFailure.NotFound)
        {
            return false;
        }
    }

    // The first time a start replaces whatever start of its node stands there: it is the newer one. Later it writes only over what it read:
    // nobody, or itself under another lease. So of two that run at a time the one that came last stands, and neither pushes the
    // other out.
    private async Task<bool> WriteSelfAsync(Joining joining, CancellationToken cancellationToken)
    {
        MemberTable.Entry? standing;
        PutRequest put;
        lock (_lock)
        {
            var key = joining.Key(_keys);
            standing = _table.Find(key);
            put = new PutRequest { Key = key, Value = MemberEntries.Write(joining.Self), Lease = _lease!.Id };
            var wasReplaced = joining.IsReplaced;
            joining.IsReplaced = joining.HasWritten && standing?.Member is { } other && other.Incarnation != joining.Self.Incarnation;
            if (joining.IsReplaced)
            {
                if (!wasReplaced)
                    LogReplaced(_logger, joining.Self.Node.Value);
                return false;
            }
        }

        if (!joining.HasWritten)
        {
            await _client.CallAsync(EtcdMethods.Put, put, cancellationToken).ConfigureAwait(false);
            joining.HasWritten = true;
            return true;
        }

        await _client.CallAsync(EtcdMethods.Txn, Guarded(put, standing?.ModRevision ?? 0), cancellationToken).ConfigureAwait(false);
        return true;
    }

    // A key that does not exist has the revision 0.
    private static TxnRequest Guarded(PutRequest put, long modRevision) => new()
    {
        Compare = { new Compare { Key = put.Key, Target = Compare.Types.Target.Mod, ModRevision = modRevision } },
        Success = { new Operation { Put = put } },
    };

    private void Note(string? failure)
    {
        string? before;
        lock (_lock)
            (before, _failure) = (_failure, failure);
        if (failure is not null && before is null)
            LogDown(_logger, failure);
        else if (failure is null && before is not null)
            LogUp(_logger);
    }

    [LoggerMessage(1201, LogLevel.Information, "{Node} takes part in the cluster")]
    private static partial void LogJoined(ILogger logger, string node);

    [LoggerMessage(1202, LogLevel.Warning, "the lease in etcd is over; joining again under a new one")]
    private static partial void LogLeaseLost(ILogger logger);

    [LoggerMessage(1203, LogLevel.Error, "another start of {Node} has taken its place in etcd; stop one of the two")]
    private static partial void LogReplaced(ILogger logger, string node);

    [LoggerMessage(1204, LogLevel.Warning, "etcd cannot be used: {Failure}; members stay as they are until it can")]
    private static partial void LogDown(ILogger logger, string failure);

    [LoggerMessage(1205, LogLevel.Information, "etcd can be used again")]
    private static partial void LogUp(ILogger logger);
}
