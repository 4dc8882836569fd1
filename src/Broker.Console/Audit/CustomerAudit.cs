using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Protocol.Transfer;

namespace Broker.Console.Audit;

/// <summary>
/// Verifies a customer's chain block by block: what it says was signed by who could, in an order that could be. The directory is
/// rebuilt from the chain itself: administrators from the plan, everybody else from the requests that changed it.
/// </summary>
internal sealed partial class CustomerAudit
{
    private readonly CustodyRecord _custody;
    private readonly LedgerKeys _keys;
    private readonly AuditDirectory _directory;
    private readonly HashSet<string> _unknownKinds = [];
    private readonly List<AuditRestoration> _restorations = [];
    private PublicKey _identity;
    private uint _epoch = 1;
    private CustomerHead? _head;
    private ulong _fence;
    private ulong _generation;
    private ulong _lifted;
    private ulong? _liftExpected;

    /// <param name="custody">The custody record, verified.</param>
    /// <param name="first">The identity of the first epoch.</param>
    /// <param name="keys">The ledger's keys.</param>
    public CustomerAudit(CustodyRecord custody, PublicKey first, LedgerKeys keys)
    {
        _custody = custody;
        _identity = first;
        _keys = keys;
        _directory = new AuditDirectory(custody);
        Reader = new ChainReader(custody.Cluster, custody.Customer.Value, keys);
    }

    public ChainReader Reader { get; }

    /// <summary>Blocks of each kind.</summary>
    public SortedDictionary<string, ulong> Kinds { get; } = new(StringComparer.Ordinal);

    /// <summary>Kinds that this version does not know: their link is verified, their content is not.</summary>
    public IReadOnlyCollection<string> UnknownKinds => _unknownKinds;

    /// <summary>Heads that custodians accepted.</summary>
    public IReadOnlyList<AuditRestoration> Restorations => _restorations;

    /// <summary>Signatures of users that were verified.</summary>
    public ulong Requests => _directory.Verified;

    /// <summary>Verifies the next block.</summary>
    public Block Next(byte[] receipt)
    {
        var block = Reader.Next(receipt);
        Kinds[block.Kind] = Kinds.GetValueOrDefault(block.Kind) + 1;
        try
        {
            Check(block);
        }
        catch (MalformedException)
        {
            throw Fail("body-malformed", "the block's body is not what its kind says");
        }

        return block;
    }

    /// <summary>To be called after the last block.</summary>
    public void End()
    {
        if (Reader.Length == 0)
            throw Reader.Break("chain-empty", "the chain has no block");
        if (_liftExpected is not null)
            throw Fail("claim-without-lift", "a claim lifted a lock, and no administrator's request stands behind it");
        CompareCustody();
    }

    private void Check(Block block)
    {
        if (Reader.Length == 1 != (block.Kind == BlockKind.Enrolled))
            throw Fail("enrolment-misplaced", "a chain begins with the enrolment, and has no other");
        if (_liftExpected is not null && block.Kind != BlockKind.Lock)
            throw Fail("claim-without-lift", "a claim lifted a lock, and no administrator's request follows");
        var body = block.Body.Span;
        switch (block.Kind)
        {
            case BlockKind.Enrolled:
                Enrolled(Statement.Read<ChangeRecord>(body));
                break;
            case BlockKind.Change:
                Change(block, Statement.Read<ChangeRecord>(body));
                break;
            case BlockKind.Restored:
                Restored(Statement.Read<RestoredRecord>(body));
                break;
            case BlockKind.Rotated:
                Rotated(block, Statement.Read<RotationRecord>(body));
                break;
            case BlockKind.Rotation:
                Resealed(Statement.Read<RotationIntent>(body));
                break;
            case BlockKind.RotationEnded:
                Change(block, Statement.Read<ChangeRecord>(body));
                break;
            case BlockKind.Transfer:
                Transferred(block, Statement.Read<TransferRecord>(body));
                break;
            case BlockKind.BackupCheck:
                BackupChecked(Signed<BackupCheck>(body, "backup-check"));
                break;
            case BlockKind.Claim:
                Claimed(Signed<Claim>(body, "claim"));
                break;
            case BlockKind.Lock:
                Locked(block, Statement.Read<SignedRequest>(body));
                break;
            case BlockKind.Invitation:
                Verify(block, Statement.Read<SignedRequest>(body), UserAction.InviteAgent);
                break;
            case BlockKind.Intent:
                Intended(block, Statement.Read<IntentRecord>(body));
                break;
            case BlockKind.Outcome:
                Ended(Signed<Outcomes>(body, "outcome"));
                break;
            case BlockKind.Refusal:
                Statement.Read<Refusal>(body);
                break;
            case BlockKind.CustodyEvent:
                Statement.Read<CustodyEvent>(body);
                break;
            default:
                _unknownKinds.Add(block.Kind);
                break;
        }
    }

    private void Enrolled(ChangeRecord record)
    {
        if (record.Causes.Count != 1)
            throw Fail("enrolment-malformed", "an enrolment has one cause, the plan");
        var signed = Statement.Read<SignedRecord>(record.Causes[0].Span).Statement;
        var plan = signed.Read<EnrolmentPlan>();
        if (plan.Customer != _custody.Customer || plan.Cluster != _custody.Cluster)
            throw Fail("plan-of-another", "the plan is not the one that the custody record names");
        Asked(signed.Hash, plan.Ways, plan.AdministratorsRequired);
        if (_custody is { Epoch: 1, Revision: 1 })
            CompareCustody();

        _directory.Begin(plan);
        Advance(record.Head);
    }

    private void Change(Block block, ChangeRecord record)
    {
        if (_generation > _lifted)
            throw Fail("change-while-locked", "rows or directory changed while a lock stood");
        foreach (var cause in record.Causes)
        {
            var signed = Statement.Read<SignedRequest>(cause.Span);
            var action = AuditDirectory.ActionOf(signed);
            Verify(block, signed, action ?? throw Fail("request-wrong-action", "the request asks for nothing that changes a directory"));
            _directory.Apply(action, signed);
            if (action == UserAction.ChangeCustody)
                CustodyChanged(signed);
        }

        Advance(record.Head);
    }

    // Custodians may go back; what follows is numbered above all that was seen of what they gave up.
    private void Restored(RestoredRecord record)
    {
        if (!record.Restoration.IsBy(_identity))
            throw Fail("restoration-forged", "the restoration is not signed by the customer's identity");
        var restoration = record.Restoration.Read<Restoration>();
        if (restoration.Cluster != _custody.Cluster || restoration.Customer != _custody.Customer || restoration.Epoch != _epoch ||
            restoration.AcceptedCounter != _head?.Counter || restoration.AcceptedRoot != _head.Root)
        {
            throw Fail("restoration-of-another", "what was accepted is not the head that stood");
        }

        Advance(record.Head, restoration);
        _fence = Math.Max(_fence, restoration.SeenFence);
        _restorations.Add(new AuditRestoration(
            Reader.Length - 1, restoration.Code, restoration.AcceptedCounter, restoration.SeenCounter, restoration.NextCounter));
    }

    private void Advance(Signed signed, Restoration? accepted = null)
    {
        if (!signed.IsBy(_identity))
            throw Fail("head-forged", "the head is not signed by the customer's identity");
        var head = signed.Read<CustomerHead>();
        if (head.Cluster != _custody.Cluster || head.Customer != _custody.Customer || head.Epoch != _epoch)
            throw Fail("head-of-another", "the head is of another customer or epoch");
        var before = accepted?.NextCounter - 1 ?? _head?.Counter ?? 0;
        if (head.Counter != before + 1 || (accepted is not null && head.Root != accepted.AcceptedRoot))
            throw Fail("head-not-next", $"head {head.Counter} follows {before}");
        // The block that carries the head is the newest; its signer knew of what came before it.
        if (head.LedgerPosition >= Reader.Length ||
            head.LedgerHash != (head.LedgerPosition == 0 ? Digest.Zero : Reader.HashAt(head.LedgerPosition - 1)))
        {
            throw Fail("head-ledger-differs", "the head's signer knew another ledger than this one");
        }

        _head = head;
    }

    private void Verify(Block block, SignedRequest signed, UserAction action)
    {
        if (_directory.Verify(signed, action, block.Time) is { } refusal)
            throw Fail(refusal, $"the request to {action.Name} is not one that the customer's directory allowed at that time");
    }

    private T Signed<T>(ReadOnlySpan<byte> body, string what)
        where T : IStatement<T>
    {
        var signed = Statement.Read<SignedRecord>(body).Statement;
        return signed.IsBy(_identity)
            ? signed.Read<T>()
            : throw Fail(what + "-forged", $"the {what} is not signed by the customer's identity");
    }

    private AuditException Fail(string code, string detail) => Reader.BreakAtLast(code, detail);
}
