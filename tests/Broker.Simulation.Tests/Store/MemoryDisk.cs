using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;

namespace Broker.Simulation.Tests;

/// <summary>What becomes of a commit.</summary>
internal enum CommitFate
{
    /// <summary>Durable, and it says so.</summary>
    Kept,

    /// <summary>Nothing is kept, and it says so.</summary>
    Failed,

    /// <summary>Durable, and its end is not known.</summary>
    UnknownKept,

    /// <summary>Nothing is kept, and its end is not known.</summary>
    UnknownLost,

    /// <summary>A seeded fault: it says durable, and the next crash takes it back.</summary>
    Volatile,
}

/// <summary>
/// The zone's database as it outlives the zone's processes: tables in memory, one transaction with savepoints. What a killed process had
/// not committed is taken back when the next one opens it. Tells of each commit that has become durable.
/// </summary>
internal sealed class MemoryDisk : IZoneDatabase, IZoneWriter
{
    private readonly Stack<Action> _undo = new();
    private readonly Stack<Action> _volatile = new();
    private readonly Table<string, byte[]> _meta;
    private readonly Table<Name, CustomerRecord> _customers;
    private readonly Table<string, ChainState> _chains;
    private readonly Table<(Name, EntryKey), EntryRecord> _entries;
    private readonly Table<(Name, TreePosition), byte[]> _nodes;
    private readonly Table<(Name, Id16), HandOffRecord> _handOffs;
    private readonly Table<(Name, Name, Id16), IdempotencyRecord> _idempotency;
    private readonly Table<(Name, Digest), InvitationRecord> _invitations;
    private readonly Table<(Name, Name), GenerationRecord> _generations;
    private readonly Dictionary<string, List<BlockRecord>> _blocks = [];
    private readonly List<BatchRecord> _batches = [];
    private readonly List<BlockRecord> _appended = [];
    private readonly List<CustomerRecord> _changed = [];
    private readonly List<EntryRecord> _rows = [];
    private int _savepoint;

    public MemoryDisk()
    {
        _meta = new(_undo);
        _customers = new(_undo);
        _chains = new(_undo);
        _entries = new(_undo);
        _nodes = new(_undo);
        _handOffs = new(_undo);
        _idempotency = new(_undo);
        _invitations = new(_undo);
        _generations = new(_undo);
    }

    /// <summary>What the next commit's fate is.</summary>
    public Func<CommitFate>? Fate { get; set; }

    /// <summary>Changes customers' rows as they are written: a seeded fault.</summary>
    public Func<CustomerRecord, CustomerRecord>? Rewrites { get; set; }

    /// <summary>Whether idempotency keys are forgotten at once: a seeded fault.</summary>
    public bool ForgetsRequests { get; set; }

    /// <summary>A commit became durable: what it appended, which customers' rows it changed, which credentials' rows it wrote.</summary>
    public Action<IReadOnlyList<BlockRecord>, IReadOnlyList<CustomerRecord>, IReadOnlyList<EntryRecord>>? Durable { get; set; }

    public IZoneWriter Writer => this;

    public bool InTransaction { get; private set; }

    public long FreeBytes => long.MaxValue;

    public IEnumerable<HandOffRecord> AllHandOffs => _handOffs.Rows.Select(static r => r.Value);

    /// <summary>The rows of a customer that are there.</summary>
    public IEnumerable<EntryRecord> LiveRows(Name customer) => Rows(customer);

    /// <summary>The machine has lost power, or the process was killed: what was not durable is gone.</summary>
    public void Recover()
    {
        InTransaction = false;
        Undo(0);
        while (_volatile.TryPop(out var action))
        {
            action();
        }
    }

    public T Read<T>(Func<IZoneReader, T> query) => query(this);

    public void Dispose()
    {
        // Other processes open it again.
    }

    public void Begin()
    {
        InTransaction = true;
        _savepoint = 0;
    }

    public void Commit()
    {
        var fate = Fate?.Invoke() ?? CommitFate.Kept;
        if (fate is CommitFate.Failed or CommitFate.UnknownLost)
        {
            Rollback();
            throw fate == CommitFate.Failed ? new StoreException("the disk failed") : new UnknownCommitException("the disk did not answer");
        }

        InTransaction = false;
        if (fate == CommitFate.Volatile)
        {
            foreach (var action in _undo.Reverse())
            {
                _volatile.Push(action);
            }
        }
        else
        {
            // A later sync takes with it what was written before.
            _volatile.Clear();
            Durable?.Invoke(_appended, _changed, _rows);
        }

        _undo.Clear();
        _appended.Clear();
        _changed.Clear();
        _rows.Clear();
        if (fate == CommitFate.UnknownKept)
        {
            throw new UnknownCommitException("the disk did not answer");
        }
    }

    public void Rollback()
    {
        InTransaction = false;
        Undo(0);
    }

    public void Savepoint() => _savepoint = _undo.Count;

    public void ReleaseSavepoint() => _savepoint = _undo.Count;

    public void RollbackToSavepoint() => Undo(_savepoint);

    public byte[]? Meta(string key) => _meta.Find(key);

    public void SetMeta(string key, ReadOnlySpan<byte> value) => _meta.Put(key, value.ToArray());

    public CustomerRecord? Customer(Name customer) => _customers.Find(customer);

    public IReadOnlyList<Name> Customers(string after, int limit) => [.. _customers.Rows.Select(static r => r.Key)
        .Where(n => string.CompareOrdinal(n.Value, after) > 0).Order().Take(limit)];

    public void PutCustomer(CustomerRecord customer)
    {
        customer = Rewrites?.Invoke(customer) ?? customer;
        _customers.Put(customer.Customer, customer);
        _changed.Add(customer);
        _undo.Push(() => _changed.Remove(customer));
    }

    public ChainState Chain(string chain) => _chains.Find(chain) ?? new ChainState(chain, 0, Digest.Zero, 0);

    public void PutChain(ChainState chain) => _chains.Put(chain.Chain, chain);

    public IReadOnlyList<ChainState> GrownChains(int limit) =>
        [.. _chains.Rows.Select(static r => r.Value).Where(static c => c.Length > c.Entered && c.Chain.Length > 0).Take(limit)];

    public EntryRecord? Entry(Name customer, EntryKey key) => _entries.Find((customer, key));

    public IReadOnlyList<EntryRecord> Entries(Name customer, string type, string after, int limit) => [.. _entries.Rows
        .Where(r => r.Key.Item1 == customer && r.Key.Item2.Type == type && string.CompareOrdinal(r.Key.Item2.Id, after) > 0)
        .OrderBy(static r => r.Key.Item2.Id, StringComparer.Ordinal).Take(limit).Select(static r => r.Value)];

    public IReadOnlyList<EntryRecord> OldRows(Name customer, uint before, int skip, int limit) => [.. Rows(customer)
        .Where(r => r.Epoch < before).OrderBy(static r => r.Epoch).ThenBy(static r => r.Key.Id, StringComparer.Ordinal).Skip(skip)
        .Take(limit)];

    public (ulong All, ulong Old) CountRows(Name customer, uint before) =>
        ((ulong)Rows(customer).Count(), (ulong)Rows(customer).Count(r => r.Epoch < before));

    private IEnumerable<EntryRecord> Rows(Name customer) => _entries.Rows
        .Where(r => r.Key.Item1 == customer && r.Key.Item2.Type == EntryKey.RowType).Select(static r => r.Value);

    public void PutEntry(Name customer, EntryRecord entry)
    {
        if (ForgetsRequests && entry.Key.Type == EntryKey.RequestType)
        {
            return;
        }

        _entries.Put((customer, entry.Key), entry);
        if (entry.Key.Type == EntryKey.RowType)
        {
            _rows.Add(entry);
            _undo.Push(() => _rows.Remove(entry));
        }
    }

    public void DeleteEntry(Name customer, EntryKey key) => _entries.Put((customer, key), null);

    public ITreeNodes Nodes(Name customer) => new GroupedNodes(customer, new GroupsOf(_nodes, customer));

    public HandOffRecord? HandOff(Name customer, Id16 handOff) => _handOffs.Find((customer, handOff));

    public IReadOnlyList<HandOffRecord> HandOffs(Name customer, bool openOnly, Id16? after, int limit) => [.. _handOffs.Rows
        .Where(r => r.Key.Item1 == customer && (!openOnly || r.Value.IsOpen) && (after is null || Compare(r.Key.Item2, after.Value) > 0))
        .OrderBy(static r => r.Key.Item2.ToString(), StringComparer.Ordinal).Take(limit).Select(static r => r.Value)];

    public bool TryAddHandOff(Name customer, HandOffRecord handOff) => _handOffs.TryAdd((customer, handOff.HandOff), handOff);

    public void UpdateHandOff(Name customer, HandOffRecord handOff) => _handOffs.Put((customer, handOff.HandOff), handOff);

    public IdempotencyRecord? Idempotency(Name customer, Name user, Id16 key) => _idempotency.Find((customer, user, key));

    public bool TryAddIdempotency(Name customer, Name user, Id16 key, IdempotencyRecord record, DateTimeOffset now)
    {
        if (!ForgetsRequests && _idempotency.Find((customer, user, key)) is { } known && known.Expires >= now)
        {
            return false;
        }

        _idempotency.Put((customer, user, key), record);
        return true;
    }

    public InvitationRecord? Invitation(Name customer, Digest token) => _invitations.Find((customer, token));

    public uint OpenHandOffs(Name customer) => (uint)_handOffs.Rows.Count(r => r.Key.Item1 == customer && r.Value.IsOpen);

    public uint OpenInvitations(Name customer, DateTimeOffset now) =>
        (uint)_invitations.Rows.Count(r => r.Key.Item1 == customer && !r.Value.Redeemed && r.Value.NotAfter >= now);

    public bool TryAddInvitation(Name customer, InvitationRecord invitation) =>
        _invitations.TryAdd((customer, invitation.Token), invitation);

    public bool TryRedeem(Name customer, Digest token, DateTimeOffset now)
    {
        if (_invitations.Find((customer, token)) is not { Redeemed: false } open || open.NotAfter < now)
        {
            return false;
        }

        _invitations.Put((customer, token), open with { Redeemed = true });
        return true;
    }

    public GenerationRecord? Generation(Name customer, Name agent) => _generations.Find((customer, agent));

    public void PutGeneration(Name customer, GenerationRecord generation) => _generations.Put((customer, generation.Agent), generation);

    public void DeleteGeneration(Name customer, Name agent) => _generations.Put((customer, agent), null);

    public IReadOnlyList<BlockRecord> Blocks(string chain, ulong from, int limit) =>
        _blocks.TryGetValue(chain, out var blocks) ? [.. blocks.Skip((int)from).Take(limit)] : [];

    public void AddBlock(BlockRecord block)
    {
        if (!_blocks.TryGetValue(block.Chain, out var blocks))
        {
            _blocks[block.Chain] = blocks = [];
        }

        blocks.Add(block);
        _appended.Add(block);
        _undo.Push(() =>
        {
            blocks.RemoveAt(blocks.Count - 1);
            _appended.Remove(block);
        });
    }

    public BatchRecord? Batch(long id) => id < _batches.Count ? _batches[(int)id] : null;

    public long AddBatch(ReadOnlySpan<byte> statement, ReadOnlySpan<byte> signature)
    {
        _batches.Add(new BatchRecord(_batches.Count, new Protocol.Statements.Signed(statement.ToArray(), signature.ToArray())));
        _undo.Push(() => _batches.RemoveAt(_batches.Count - 1));
        return _batches.Count - 1;
    }

    public void Forget(DateTimeOffset now, int limit)
    {
        foreach (var (key, _) in _idempotency.Rows.Where(r => r.Value.Expires < now).Take(limit).ToList())
        {
            _idempotency.Put(key, null);
        }

        foreach (var (key, _) in _invitations.Rows.Where(r => r.Value.NotAfter < now - TimeSpan.FromHours(24)).Take(limit).ToList())
        {
            _invitations.Put(key, null);
        }
    }

    private static int Compare(Id16 a, Id16 b) => string.CompareOrdinal(a.ToString(), b.ToString());

    private void Undo(int to)
    {
        while (_undo.Count > to)
        {
            _undo.Pop()();
        }
    }

    private sealed class GroupsOf(Table<(Name, TreePosition), byte[]> groups, Name customer) : INodeGroups
    {
        public byte[]? Read(TreePosition position) => groups.Find((customer, position));

        public void Write(TreePosition position, ReadOnlySpan<byte> record) =>
            groups.Put((customer, position), record.IsEmpty ? null : record.ToArray());
    }
}
