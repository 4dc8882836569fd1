using System.Collections.Immutable;
using Broker.Cluster.Etcd.Wire;
using Google.Protobuf;

namespace Broker.Cluster.Etcd;

/// <summary>
/// What etcd holds of the members, as of one revision. Lists and events may come in any order and more than once: what is not newer than
/// what is here changes nothing. Not thread-safe.
/// </summary>
/// <param name="prefix">Begins the keys of members.</param>
internal sealed class MemberTable(ByteString prefix)
{
    /// <summary>Most keys that are looked at; more are counted as skipped.</summary>
    public const int MaxEntries = 1024;

    private readonly Dictionary<ByteString, Entry> _entries = [];
    private int _overflow;

    /// <summary>The revision up to which all is known; 0 before the first list.</summary>
    public long Revision { get; private set; }

    /// <summary>Those that take part, by name.</summary>
    public ImmutableArray<Member> Members { get; private set; } = [];

    /// <summary>Keys that hold no member: of another format, malformed, without a lease, or too many.</summary>
    public int Skipped => _overflow + _entries.Values.Count(static e => e.Member is null);

    /// <summary>What stands under a key, or null.</summary>
    public Entry? Find(ByteString key) => _entries.GetValueOrDefault(key);

    /// <summary>Takes a full list.</summary>
    /// <param name="listed">All keys of members, in order.</param>
    /// <param name="revision">The revision that they are of.</param>
    /// <returns>Whether the members are others than before.</returns>
    public bool Replace(IReadOnlyCollection<KeyValue> listed, long revision)
    {
        Revision = revision;
        _entries.Clear();
        foreach (var kv in listed.Take(MaxEntries))
            _entries[kv.Key] = Read(kv);
        _overflow = Math.Max(0, listed.Count - MaxEntries);
        return Renew();
    }

    /// <summary>Takes events of a watch; all of one revision come together.</summary>
    /// <returns>Whether the members are others than before.</returns>
    public bool Apply(IReadOnlyCollection<Event> events)
    {
        var newest = Revision;
        foreach (var e in events)
        {
            if (e.Kv is not { } kv || kv.ModRevision <= Revision || !kv.Key.Span.StartsWith(prefix.Span))
                continue;
            newest = Math.Max(newest, kv.ModRevision);
            if (e.Type == Event.Types.Type.Delete)
                _entries.Remove(kv.Key);
            else if (_entries.Count < MaxEntries || _entries.ContainsKey(kv.Key))
                _entries[kv.Key] = Read(kv);
            else
                _overflow++;
        }

        Revision = newest;
        return Renew();
    }

    // A key without a lease would stay for ever: no node writes one.
    private Entry Read(KeyValue kv) =>
        kv.Lease != 0 && EtcdKeys.TryName(kv.Key, prefix, out var node) && MemberEntries.TryRead(node, kv.Value, out var member)
            ? new Entry(member, kv.Lease, kv.ModRevision)
            : new Entry(null, kv.Lease, kv.ModRevision);

    private bool Renew()
    {
        ImmutableArray<Member> members = [.. _entries.Values.Where(static e => e.Member is not null).Select(static e => e.Member!)
            .OrderBy(static m => m.Node)];
        if (members.SequenceEqual(Members))
            return false;
        Members = members;
        return true;
    }

    /// <summary>A key of the table.</summary>
    /// <param name="Member">The member, or null where the value is none.</param>
    /// <param name="Lease">The lease that it lives by.</param>
    /// <param name="ModRevision">When it was last written.</param>
    internal sealed record Entry(Member? Member, long Lease, long ModRevision);
}
