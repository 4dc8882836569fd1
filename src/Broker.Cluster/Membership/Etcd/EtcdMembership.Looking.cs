using Broker.Cluster.Etcd;
using Broker.Cluster.Etcd.Wire;
using Google.Protobuf;

namespace Broker.Cluster;

// Who takes part: full lists, read from a quorum, and a watch that goes on where the last of both ended.
public sealed partial class EtcdMembership
{
    // Those who wait for the next list that succeeds.
    private TaskCompletionSource _listed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource? _watch;
    private bool _isWatching;
    private long _foundByList;
    private long _restarts;

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        long known;
        bool wasWatching;
        lock (_lock)
            (known, wasWatching) = (_table.Revision, _isWatching);
        var sent = _time.GetTimestamp();
        var (listed, revision) = await ReadAllAsync(cancellationToken).ConfigureAwait(false);
        CancellationTokenSource? watch = null;
        lock (_lock)
        {
            // Older than what the watch has brought meanwhile: there is nothing to take from it. Older than what was known when it was
            // asked for, a read by quorum cannot be, unless etcd was restored from a copy: then that is how it is.
            var isRestored = revision < known;
            if (isRestored || revision >= _table.Revision)
            {
                var isNews = _table.Replace(listed, revision) && wasWatching;
                _foundByList += isNews ? 1 : 0;
                // The watch had not told of it: it may be one that tells of nothing any more, and is begun again behind this list.
                watch = isNews || isRestored ? _watch : null;
            }

            _listUntil = EtcdLease.UntilOf(_lease?.Ttl ?? _options.Ttl, sent, _time);
        }

        Cancel(watch);
        Publish();
        Interlocked.Exchange(ref _listed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
    }

    private async Task<(List<KeyValue> Listed, long Revision)> ReadAllAsync(CancellationToken cancellationToken)
    {
        var listed = new List<KeyValue>();
        var page = new RangeRequest { Key = _keys.Members, RangeEnd = _end, Limit = _options.PageSize };
        while (true)
        {
            RangeReply reply;
            try
            {
                reply = await _client.CallAsync(EtcdMethods.Range, page, cancellationToken).ConfigureAwait(false);
            }
            catch (EtcdException e) when (e.Failure == EtcdFailure.TooLarge && page.Limit > 1)
            {
                // Nobody of ours writes values of this size.
                page.Limit = Math.Max(1, page.Limit / 16);
                continue;
            }

            if (reply.Header is not { Revision: > 0 } header || reply.Kvs.Any(static kv => kv.Key.IsEmpty))
                throw new EtcdException(EtcdFailure.Malformed, mayHaveHappened: false, "the list of etcd has no revision or no keys");
            listed.AddRange(reply.Kvs);
            // All pages are of the first one's revision.
            page.Revision = page.Revision == 0 ? header.Revision : page.Revision;
            if (!reply.More || reply.Kvs.Count == 0 || listed.Count > MemberTable.MaxEntries)
                return (listed, page.Revision);
            page.Key = ByteString.CopyFrom([.. reply.Kvs[^1].Key.Span, 0]);
        }
    }

    private async Task WatchOnAsync()
    {
        var failures = 0;
        try
        {
            var first = NextListAsync();
            if (!HasListed())
                await first.ConfigureAwait(false);
            while (true)
            {
                var began = _time.GetTimestamp();
                await WatchOnceAsync().ConfigureAwait(false);
                // Whatever ended it, the view is looked at: at once where the watch had stood for a while.
                failures = _time.GetElapsedTime(began) > Period ? 1 : failures + 1;
                var again = NextListAsync();
                _alarm.Ring();
                await Task.Delay(Backoff(failures), _time, _stopping.Token).ConfigureAwait(false);
                await again.ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The end of the loop.
        }
    }

    private bool HasListed()
    {
        lock (_lock)
            return _table.Revision > 0;
    }

    private Task NextListAsync() => Volatile.Read(ref _listed).Task.WaitAsync(_stopping.Token);

    private async Task WatchOnceAsync()
    {
        using var watch = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var create = new WatchCreate { Key = _keys.Members, RangeEnd = _end, ProgressNotify = true };
        lock (_lock)
        {
            _watch = watch;
            create.StartRevision = _table.Revision + 1;
        }

        try
        {
            await foreach (var reply in _client.WatchAsync(create, watch.Token).ConfigureAwait(false))
            {
                // Compacted, or refused: what comes next is a list, and a watch from behind it. Never the same start again (E5).
                if (reply.Canceled)
                    return;
                Take(reply);
            }
        }
        catch (EtcdException)
        {
            // The next list says whether etcd is there.
        }
        catch (OperationCanceledException) when (watch.IsCancellationRequested && !_stopping.IsCancellationRequested)
        {
            // A list has overtaken it.
        }
        finally
        {
            lock (_lock)
            {
                _watch = null;
                _isWatching = false;
                _restarts++;
            }
        }
    }

    private void Take(WatchReply reply)
    {
        bool isChanged, isOusted;
        lock (_lock)
        {
            _isWatching = true;
            var wasJoined = IsJoinedNeedsLock();
            isChanged = _table.Apply(reply.Events);
            // Somebody deleted this node's key, or wrote over it, or it waits for a place that may be free now.
            isOusted = (wasJoined && !IsJoinedNeedsLock()) || (isChanged && _joining is { IsReplaced: true });
        }

        if (isChanged)
            Publish();
        if (isOusted)
            _alarm.Ring();
    }

    private static void Cancel(CancellationTokenSource? watch)
    {
        try
        {
            watch?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended meanwhile.
        }
    }
}
