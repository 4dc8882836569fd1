using Broker.CredentialZone.Store;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Merkle;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Simulation.Tests;

/// <content>What the disk says is durable: numbers that never go back, ends that never change, requests that count once.</content>
internal sealed partial class Oracle
{
    private readonly HashSet<(Id16 HandOff, uint Attempt)> _intents = [];
    private readonly HashSet<Id16> _intended = [];
    private readonly HashSet<Digest> _released = [];
    private readonly Dictionary<Id16, Outcome> _outcomes = [];
    private readonly HashSet<Digest> _changes = [];
    private readonly Dictionary<(Name, uint, uint), HashSet<Digest>> _rows = [];
    private readonly Dictionary<Name, CustomerRecord> _customers = [];
    private readonly Dictionary<ulong, Digest> _claims = [];

    /// <summary>Intents that are durable.</summary>
    public int IntentCount => _intents.Count;

    /// <summary>How often a customer was claimed.</summary>
    public int ClaimCount => _claims.Count;

    /// <summary>Locks that were raised.</summary>
    public ulong LockCount { get; private set; }

    /// <summary>Locks that were lifted.</summary>
    public ulong LiftCount { get; private set; }

    /// <summary>Changes that were committed.</summary>
    public int ChangeCount => _changes.Count;

    /// <summary>Hand-offs by the state in which they ended.</summary>
    public IEnumerable<string> Ends => _outcomes.Values.Select(static o => o.State);

    /// <summary>The customer as it is durable; null before its enrolment.</summary>
    public CustomerRecord? Customer(Name customer) => _customers.GetValueOrDefault(customer);

    public Outcome? OutcomeOf(Id16 handOff) => _outcomes.GetValueOrDefault(handOff);

    /// <summary>A commit has become durable.</summary>
    public void Durable(IReadOnlyList<BlockRecord> blocks, IReadOnlyList<CustomerRecord> customers, IReadOnlyList<EntryRecord> rows)
    {
        foreach (var row in rows)
        {
            var header = Statement.Read<RowHeader>(Statement.Read<StoredRow>(row.Statement.Span).Header.Span);
            if (!_rows.TryGetValue((header.Credential, header.Version, header.Epoch), out var leaves))
            {
                _rows[(header.Credential, header.Version, header.Epoch)] = leaves = [];
            }

            leaves.Add(TreeHash.Leaf(row.Key.LeafKey, Digest.Of(row.Statement.Span)));
        }

        foreach (var record in blocks)
        {
            if (record.Chain.Length > 0)
            {
                See(Statement.Read<Block>(record.Block.Span));
            }
        }

        foreach (var customer in customers)
        {
            if (_customers.TryGetValue(customer.Customer, out var before))
            {
                NeverBack("fence", before.Fence, customer.Fence);
                NeverBack("lock generation", before.LockGeneration, customer.LockGeneration);
                NeverBack("lifted generation", before.LiftedGeneration, customer.LiftedGeneration);
                NeverBack("head", before.Head.Counter, customer.Head.Counter);
            }

            (LockCount, LiftCount) = (customer.LockGeneration, customer.LiftedGeneration);
            if (_claims.TryAdd(customer.Fence, customer.OwnerIncarnation))
            {
                _claimants.Add(customer.OwnerIncarnation);
            }

            _customers[customer.Customer] = customer;
            Cluster?.Epochs.Look(customer, rows.Count > 0);
        }
    }

    private void NeverBack(string what, ulong before, ulong now)
    {
        if (now < before)
        {
            Fail("went-back", $"the {what} went from {before} to {now}");
        }
    }

    private void See(Block block)
    {
        Trace($"the ledger has {block.Kind} at {block.Position}");
        switch (block.Kind)
        {
            case BlockKind.Intent:
                See(Name.Parse(block.Chain), Statement.Read<Intent>(Statement.Read<IntentRecord>(block.Body.Span).Intent.Span));
                break;
            case BlockKind.Outcome:
                foreach (var outcome in Statement.Read<SignedRecord>(block.Body.Span).Statement.Read<Outcomes>().Items)
                {
                    See(outcome);
                }

                break;
            case BlockKind.Change:
                foreach (var cause in Statement.Read<ChangeRecord>(block.Body.Span).Causes)
                {
                    Followed(Statement.Read<SignedRequest>(cause.Span));
                }

                break;
            default:
                SeeOfHolders(block);
                break;
        }
    }

    private void Followed(SignedRequest request)
    {
        if (!_changes.Add(request.Hash))
        {
            Fail("request-twice", "a request's change is committed a second time");
        }
    }

    private void See(Name chain, Intent intent)
    {
        Trace($"  intent of {intent.HandOff.ToString()[..6]} attempt {intent.Attempt} fence {intent.Fence} head {intent.HeadCounter}");
        _intents.Add((intent.HandOff, intent.Attempt));
        _intended.Add(intent.HandOff);
        _released.UnionWith(intent.Leaves);
        if (Customer(chain) is { } customer)
        {
            if (intent.Fence < customer.Fence)
            {
                Fail("stale-fence-accepted", "a release is recorded under a lower fence than was claimed");
            }

            if (intent.LockGeneration < customer.LockGeneration)
            {
                Fail("released-under-lock", "a release is recorded although a lock came before it");
            }
        }

        if (_outcomes.TryGetValue(intent.HandOff, out var ended))
        {
            Fail("released-after-end", $"a hand-off is released that is {ended.State}");
        }
    }

    private void See(Outcome outcome)
    {
        Trace($"  outcome of {outcome.HandOff.ToString()[..6]} attempt {outcome.Attempt}: {outcome.State} {outcome.Code}");
        var opened = _opened.Contains(outcome.HandOff);
        if (!HandOffState.EndsHandOff(outcome.State))
        {
            if (!opened)
            {
                Fail("use-unopened", "a use ended whose hand-off was never opened");
            }

            return;
        }

        if (_outcomes.TryGetValue(outcome.HandOff, out var before) && before.State != outcome.State)
        {
            Fail("two-ends", $"a hand-off that is {before.State} becomes {outcome.State}");
        }

        _outcomes[outcome.HandOff] = outcome;
        if (outcome.State == HandOffState.Acknowledged && !opened)
        {
            Fail("acknowledgement-forged", "the ledger says acknowledged, and no agent opened it");
        }

        if (outcome.State is HandOffState.NotSent or HandOffState.Refused && opened)
        {
            Fail("end-denies-opening", $"the ledger says {outcome.State}, and an agent opened it");
        }

        if (!_intended.Contains(outcome.HandOff))
        {
            Fail("end-without-intent", "a hand-off ends whose intent is not durable");
        }
    }
}
