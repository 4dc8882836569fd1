using Broker.Cluster.Etcd.Wire;
using Google.Protobuf;

namespace Broker.Cluster.Tests.Support;

/// <summary>
/// What members of a fake etcd share: keys with revisions, leases that end only when a test says so, and all events since.
/// </summary>
internal sealed class FakeStore
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, KeyValue> _keys = new(StringComparer.Ordinal);
    private readonly Dictionary<long, long> _leases = [];
    private readonly List<Event> _history = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _compacted;
    private long _lastLease = 1000;

    public long Revision { get; private set; } = 1;

    /// <summary>What is granted instead of what was asked for.</summary>
    public long? Ttl { get; set; }

    public Header Header => new() { ClusterId = 7, Revision = Revision };

    public IReadOnlyList<long> Leases
    {
        get
        {
            lock (_lock)
                return [.. _leases.Keys];
        }
    }

    public KeyValue? Find(ByteString key)
    {
        lock (_lock)
            return _keys.GetValueOrDefault(Text(key))?.Clone();
    }

    public long Put(ByteString key, ByteString value, long lease = 0)
    {
        lock (_lock)
        {
            PutNeedsLock(new PutRequest { Key = key, Value = value, Lease = lease }, ++Revision);
            Changed();
            return Revision;
        }
    }

    public void Delete(ByteString key)
    {
        lock (_lock)
        {
            DeleteNeedsLock(new DeleteRequest { Key = key }, ++Revision);
            Changed();
        }
    }

    /// <summary>Ends a lease, as when its time is over.</summary>
    public void Expire(long lease)
    {
        lock (_lock)
        {
            if (!_leases.Remove(lease))
                return;
            var revision = ++Revision;
            foreach (var key in _keys.Values.Where(kv => kv.Lease == lease).Select(static kv => kv.Key).ToList())
                DeleteNeedsLock(new DeleteRequest { Key = key }, revision);
            Changed();
        }
    }

    /// <summary>Forgets all events up to now.</summary>
    public void Compact()
    {
        lock (_lock)
        {
            _compacted = Revision;
            _history.Clear();
        }
    }

    /// <summary>Begins from nothing at revision 1, as a store that was restored from an empty copy.</summary>
    public void Restore()
    {
        lock (_lock)
        {
            _keys.Clear();
            _leases.Clear();
            _history.Clear();
            (_compacted, Revision) = (0, 1);
            Changed();
        }
    }

    public GrantReply Grant(GrantRequest request)
    {
        lock (_lock)
        {
            _leases[++_lastLease] = Ttl ?? request.Ttl;
            return new GrantReply { Header = Header, Id = _lastLease, Ttl = _leases[_lastLease] };
        }
    }

    public KeepAliveReply KeepAlive(KeepAliveRequest request)
    {
        lock (_lock)
            return new KeepAliveReply { Header = Header, Id = request.Id, Ttl = _leases.GetValueOrDefault(request.Id) };
    }

    public RangeReply? Range(RangeRequest request)
    {
        lock (_lock)
        {
            if (request.Revision != 0 && request.Revision < _compacted)
                return null;
            var found = _keys.Values.Where(kv => IsIn(kv.Key, request.Key, request.RangeEnd)).ToList();
            var page = request.Limit > 0 ? found.Take((int)request.Limit) : found;
            return new RangeReply
            {
                Header = Header,
                Kvs = { page.Select(static kv => kv.Clone()) },
                Count = found.Count,
                More = request.Limit > 0 && found.Count > request.Limit,
            };
        }
    }

    /// <summary>Null where a lease is named that does not exist.</summary>
    public TxnReply? Txn(TxnRequest request)
    {
        lock (_lock)
        {
            var succeeded = request.Compare.All(HoldsNeedsLock);
            var operations = succeeded ? request.Success : request.Failure;
            if (operations.Any(o => o.Put is { Lease: not 0 } put && !_leases.ContainsKey(put.Lease)))
                return null;
            var reply = new TxnReply { Succeeded = succeeded };
            if (operations.Count > 0)
                Revision++;
            foreach (var operation in operations)
            {
                if (operation.Put is { } put)
                    PutNeedsLock(put, Revision);
                else if (operation.Delete is { } delete)
                    DeleteNeedsLock(delete, Revision);
            }

            Changed();
            reply.Header = Header;
            return reply;
        }
    }

    /// <summary>
    /// The events of a range from a revision on, and what to wait for when there are no more; null where they are compacted.
    /// </summary>
    public (List<Event> Events, Task Changed)? Since(WatchCreate watch, long revision)
    {
        lock (_lock)
        {
            if (revision <= _compacted)
                return null;
            var events = _history.Where(e => e.Kv.ModRevision >= revision && IsIn(e.Kv.Key, watch.Key, watch.RangeEnd)).ToList();
            return (events, _changed.Task);
        }
    }

    public long Compacted
    {
        get
        {
            lock (_lock)
                return _compacted;
        }
    }

    private bool HoldsNeedsLock(Compare compare)
    {
        var kv = _keys.GetValueOrDefault(Text(compare.Key));
        return compare.Target switch
        {
            Compare.Types.Target.Mod => (kv?.ModRevision ?? 0) == compare.ModRevision,
            Compare.Types.Target.Lease => (kv?.Lease ?? 0) == compare.Lease,
            _ => throw new NotSupportedException("no node compares this"),
        };
    }

    private void PutNeedsLock(PutRequest put, long revision)
    {
        var before = _keys.GetValueOrDefault(Text(put.Key));
        var kv = new KeyValue
        {
            Key = put.Key,
            Value = put.Value,
            Lease = put.Lease,
            ModRevision = revision,
            CreateRevision = before?.CreateRevision ?? revision,
            Version = (before?.Version ?? 0) + 1,
        };
        _keys[Text(put.Key)] = kv;
        _history.Add(new Event { Type = Event.Types.Type.Put, Kv = kv.Clone() });
    }

    private void DeleteNeedsLock(DeleteRequest delete, long revision)
    {
        foreach (var key in _keys.Values.Where(kv => IsIn(kv.Key, delete.Key, delete.RangeEnd)).Select(static kv => kv.Key).ToList())
        {
            _keys.Remove(Text(key));
            _history.Add(new Event { Type = Event.Types.Type.Delete, Kv = new KeyValue { Key = key, ModRevision = revision } });
        }
    }

    private void Changed()
    {
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    private static bool IsIn(ByteString key, ByteString from, ByteString end) =>
        end.IsEmpty ? key == from : key.Span.SequenceCompareTo(from.Span) >= 0 && key.Span.SequenceCompareTo(end.Span) < 0;

    private static string Text(ByteString key) => key.ToString(System.Text.Encoding.Latin1);
}
