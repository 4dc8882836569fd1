using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Ledger;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Merkle;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Engine;

/// <summary>
/// What an operation works with: the tables of the transaction, and the customers' and chains' hot state, which is changed in
/// memory and written once for each that changed, however many operations of the batch touched it. It stays valid from batch to
/// batch where this is the only writer; on a shared database it lives for one batch, and only what was verified is remembered, to
/// be compared with the rows that the next batch locks. An operation that is refused takes its changes of it back.
/// </summary>
internal sealed class WriteContext
{
    private const int MaxRemembered = 10_000;

    private static readonly Name Zone = Name.Parse("zone");

    private readonly Dictionary<Name, CustomerRecord?> _customers = [];
    private readonly Dictionary<string, ChainState> _chains = [];
    private readonly Dictionary<string, (Digest Block, DateTimeOffset Time)> _times = [];
    private readonly HashSet<Name> _dirtyCustomers = [];
    private readonly HashSet<string> _dirtyChains = [];
    private readonly List<(Name Name, CustomerRecord? Before)> _customersBefore = [];
    private readonly List<ChainState> _chainsBefore = [];
    private readonly EntryCache _entries = new(maxBytes: 32 << 20);
    private readonly VerifiedRows? _verified;
    private Name? _changedTree;
    private int _mark;

    /// <summary>Creates the context of a store.</summary>
    /// <param name="cluster">This installation.</param>
    /// <param name="limits">The bounds.</param>
    /// <param name="tables">The tables.</param>
    /// <param name="isShared">Whether other nodes write to them too.</param>
    public WriteContext(Name cluster, ZoneLimits limits, IZoneWriter tables, bool isShared) =>
        (Cluster, Limits, Tables, _verified) = (cluster, limits, tables, isShared ? new VerifiedRows(MaxRemembered) : null);

    /// <summary>This installation.</summary>
    public Name Cluster { get; }

    /// <summary>The bounds.</summary>
    public ZoneLimits Limits { get; }

    /// <summary>The tables.</summary>
    public IZoneWriter Tables { get; }

    /// <summary>Time of record of the batch.</summary>
    public DateTimeOffset Now { get; private set; }

    /// <summary>Whether only the space is left that outcomes of open intents need.</summary>
    public bool IsNearlyFull { get; private set; }

    /// <summary>Counts of refusals.</summary>
    public RefusalBudget Refusals { get; } = new();

    /// <summary>Counts of custody events, which have a budget of their own: refusals do not use it up.</summary>
    public RefusalBudget CustodyEvents { get; } = new();

    /// <summary>Blocks appended so far.</summary>
    public List<PendingBlock> Blocks { get; } = [];

    /// <summary>The key that signs the ledger now.</summary>
    public PublicKey LedgerKey { get; set; } = null!;

    /// <summary>The customer as it is now, or null.</summary>
    /// <exception cref="AlteredException">Its row is not what the ledger says; looked at when it is touched first.</exception>
    public CustomerRecord? Find(Name customer)
    {
        if (!_customers.TryGetValue(customer, out var known))
        {
            known = Tables.Customer(customer);
            if (known is not null && _verified is not null)
            {
                VerifyUnlessKnown(_verified, known);
            }
            else if (known is not null)
            {
                CustomerCheck.Verify(Tables, known, Cluster, LedgerKey);
            }

            _customers[customer] = known;
        }

        return known;
    }

    private void VerifyUnlessKnown(VerifiedRows verified, CustomerRecord customer)
    {
        var end = Tables.Chain(customer.Customer.Value);
        if (!verified.Holds(customer, end))
        {
            CustomerCheck.Verify(Tables, customer, Cluster, LedgerKey);
        }

        // What was verified includes the end of the chain.
        _chains.TryAdd(end.Chain, end);
    }

    /// <summary>Changes or adds the customer.</summary>
    public void Put(CustomerRecord customer)
    {
        _customersBefore.Add((customer.Customer, Find(customer.Customer)));
        if (_customers[customer.Customer] is null)
        {
            // Others refer to it, so a new one is in its table before them.
            Tables.AddCustomer(customer);
        }

        _customers[customer.Customer] = customer;
        _dirtyCustomers.Add(customer.Customer);
    }

    /// <summary>The end of a chain.</summary>
    /// <exception cref="AlteredException">The chain does not end there; looked at when it is touched first.</exception>
    public ChainState Chain(string chain)
    {
        _chains.TryGetValue(chain, out var known);
        if (known is null)
        {
            var end = Tables.Chain(chain);
            if (_verified?.Holds(end) != true)
            {
                ChainTail.CheckEnd(Tables, end);
            }

            _chains[chain] = known = end;
        }

        return known;
    }

    /// <summary>
    /// Records that the store was found altered: in the customer's chain, or in the cluster's where that is what was altered. Within the
    /// budget of refusals.
    /// </summary>
    /// <param name="altered">What was found.</param>
    /// <param name="action">What met it.</param>
    public void Alarm(AlteredException altered, string action)
    {
        var chain = Intact(altered);
        var principal = altered.Customer is { } customer ? $"store/{customer}" : "store";
        if (!IsNearlyFull &&
            Refusals.Take(chain, principal, Now.ToUnixTimeSeconds() / 60, Limits.RefusalsPerMinute) is { } under)
        {
            Append(chain, BlockKind.Refusal, new Refusal(Zone, under, action, altered.Code, 0).Encode());
        }
    }

    private string Intact(AlteredException altered)
    {
        if (altered.Customer is not { } customer || altered.Code == RefusalCode.LedgerAltered)
        {
            return Block.ClusterChain;
        }

        try
        {
            return Chain(customer.Value).Length > 0 ? customer.Value : Block.ClusterChain;
        }
        catch (AlteredException)
        {
            return Block.ClusterChain;
        }
    }

    /// <summary>Changes the end of a chain.</summary>
    public void Put(ChainState chain)
    {
        _chainsBefore.Add(Chain(chain.Chain));
        _chains[chain.Chain] = chain;
        _dirtyChains.Add(chain.Chain);
    }

    /// <summary>Appends a block to a chain.</summary>
    /// <param name="chain">A customer, or <see cref="Block.ClusterChain"/>.</param>
    /// <param name="kind">A constant of <see cref="BlockKind"/>.</param>
    /// <param name="body">The encoding that the kind says.</param>
    public PendingBlock Append(string chain, string kind, byte[] body)
    {
        var end = Chain(chain);
        var time = TimeAfter(end);
        var block = new PendingBlock(
            chain, end.Length, new Block(Cluster, chain, end.Length, end.Hash, time, kind, body).Encode());
        _times[chain] = (block.Hash, time);
        Blocks.Add(block);
        Put(end with { Length = end.Length + 1, Hash = block.Hash });
        return block;
    }

    /// <summary>Now, or the time of a chain's last block where another node has written it by a clock that is ahead.</summary>
    private DateTimeOffset TimeAfter(ChainState end)
    {
        if (_verified is null || end.Length == 0)
        {
            return Now;
        }

        if (!_times.TryGetValue(end.Chain, out var last) || last.Block != end.Hash)
        {
            var block = Blocks.FindLast(b => b.Hash == end.Hash)?.Encoding ?? Tables.Blocks(end.Chain, end.Length - 1, 1)[0].Block;
            last = (end.Hash, Statement.Read<Block>(block.Span).Time);
        }

        return last.Time > Now ? last.Time : Now;
    }

    /// <summary>The end of a chain, as a point.</summary>
    public LedgerPoint Point(string chain)
    {
        var end = Chain(chain);
        return new LedgerPoint(end.Length, end.Hash);
    }

    /// <summary>An entry with its proof under the customer's head.</summary>
    public ProvenEntry Entry(CustomerRecord customer, EntryKey key) =>
        _entries.Get(Tables, customer, key);

    /// <summary>Rows that a rotation was given.</summary>
    public GivenRows Given { get; } = new();

    /// <summary>What is in memory of customers' trees, for whoever reads too.</summary>
    public KeptTrees Trees { get; } = new(max: 262_144);

    /// <summary>Proves rows that a rotation is given.</summary>
    /// <param name="customer">The customer.</param>
    /// <param name="root">The root that its tree has.</param>
    /// <param name="leaves">Keys and values, in ascending order of the keys, none twice; at least one.</param>
    /// <returns>The encoding of a <see cref="BatchProof"/>.</returns>
    /// <exception cref="AlteredException">It does not have that root, or one does not stand there with its value.</exception>
    public ReadOnlyMemory<byte> Prove(Name customer, Digest root, IReadOnlyList<(Digest Key, Digest Value)> leaves) =>
        Trees.Use(customer, root, Tables.Nodes(customer), tree => Rooted(tree, customer, root).Prove(leaves));

    /// <summary>Changes a customer's tree that is to have another root then.</summary>
    /// <param name="customer">The customer.</param>
    /// <param name="before">The root that it has now, where there is a head that says so.</param>
    /// <param name="root">The root that it is to have.</param>
    /// <param name="leaves">Keys and values, no key twice; zero where a leaf is removed.</param>
    /// <returns>Whether it has; what was written is taken back with the operation where it has not.</returns>
    /// <exception cref="AlteredException">It does not have the root of before.</exception>
    public bool ChangeTree(Name customer, Digest? before, Digest root, IReadOnlyList<(Digest Key, Digest Value)> leaves)
    {
        _changedTree = customer;
        var nodes = Tables.Nodes(customer);
        return before is { } now ? Trees.Use(customer, now, nodes, Change) : Change(new SparseTree(nodes));

        bool Change(SparseTree tree)
        {
            if (before is { } head)
            {
                Rooted(tree, customer, head);
            }

            tree.Update(leaves);
            if (tree.Root != root)
            {
                return false;
            }

            // Nobody comes back to what a rotation has behind it.
            tree.Flush(keep: leaves.Count == 0 || Given.Find(customer, before ?? Digest.Zero, leaves[0].Key) is null);
            Given.Follow(customer, before ?? Digest.Zero, root, leaves);
            return true;
        }
    }

    private static SparseTree Rooted(SparseTree tree, Name customer, Digest root) => tree.Root == root
        ? tree
        : throw new AlteredException(RefusalCode.TreeAltered, "the customer's tree does not have the root of its head")
        {
            Customer = customer,
        };

    /// <summary>Begins a batch.</summary>
    public void BeginBatch(DateTimeOffset now)
    {
        // Time of record never runs backwards, whatever the clock does.
        Now = now > Now ? now : Now;
        IsNearlyFull = Tables.FreeBytes < Limits.ReservedBytes;
        Blocks.Clear();
        Refusals.BeginBatch();
        CustodyEvents.BeginBatch();
        if (_verified is not null)
        {
            _customers.Clear();
            _chains.Clear();
            if (_times.Count > MaxRemembered)
            {
                _times.Clear();
            }
        }
        else if (_customers.Count > MaxRemembered || _chains.Count > MaxRemembered)
        {
            Forget();
        }
    }

    /// <summary>Begins an operation.</summary>
    public void BeginOperation()
    {
        _mark = Blocks.Count;
        _changedTree = null;
        _customersBefore.Clear();
        _chainsBefore.Clear();
    }

    /// <summary>Takes back what the operation changed in memory.</summary>
    public void UndoOperation()
    {
        Blocks.RemoveRange(_mark, Blocks.Count - _mark);
        Given.Clear();
        if (_changedTree is { } changed)
        {
            Trees.Forget(changed);
        }

        for (var i = _customersBefore.Count - 1; i >= 0; i--)
        {
            _customers[_customersBefore[i].Name] = _customersBefore[i].Before;
        }

        for (var i = _chainsBefore.Count - 1; i >= 0; i--)
        {
            _chains[_chainsBefore[i].Chain] = _chainsBefore[i];
        }
    }

    /// <summary>Writes what changed in memory.</summary>
    public void Flush()
    {
        foreach (var name in _dirtyCustomers)
        {
            if (_customers[name] is { } customer)
            {
                Tables.PutCustomer(customer);
            }
        }

        foreach (var chain in _dirtyChains)
        {
            Tables.PutChain(_chains[chain]);
        }

        _dirtyCustomers.Clear();
        _dirtyChains.Clear();
    }

    /// <summary>The batch is durable.</summary>
    public void Committed() => _verified?.Remember(_customers.Values, _chains.Values);

    /// <summary>Forgets everything: the tables know better.</summary>
    public void Forget()
    {
        _verified?.Clear();
        _customers.Clear();
        _chains.Clear();
        _times.Clear();
        _dirtyCustomers.Clear();
        _dirtyChains.Clear();
        _entries.Clear();
        Given.Clear();
        Trees.Clear();
    }

    /// <summary>Takes the whole batch back: nothing of it was kept.</summary>
    public void TakeBack()
    {
        Forget();
        Refusals.TakeBack();
        CustodyEvents.TakeBack();
    }
}
