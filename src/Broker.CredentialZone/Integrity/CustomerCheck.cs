using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Integrity;

/// <summary>
/// Holds a customer's row against what was signed, when it is touched first: custody record and head by their signatures, and fence,
/// locks and head by the newest blocks of its chain that say them. The row is only a copy of what the chain tells. A few blocks say
/// it all, since each intent repeats fence, lock and head; a claim says the first two.
/// </summary>
internal static class CustomerCheck
{
    /// <summary>Blocks read back at most; what they do not say is left to <c>broker-zone verify</c>.</summary>
    private const int MaxBlocks = 1024;

    /// <summary>Checks.</summary>
    /// <param name="tables">One snapshot, or the writer between two batches.</param>
    /// <param name="customer">The row as it is stored.</param>
    /// <param name="cluster">This installation.</param>
    /// <param name="ledgerKey">The key that signs the ledger now.</param>
    /// <exception cref="AlteredException">Something is not as it was signed.</exception>
    public static void Verify(IZoneReader tables, CustomerRecord customer, Name cluster, PublicKey ledgerKey)
    {
        try
        {
            CheckStatements(customer, cluster);
            var end = tables.Chain(customer.Customer.Value);
            ChainTail.CheckEnd(tables, end);
            CheckChain(tables, customer, end, cluster, ledgerKey);
            CheckCustodyEntry(tables, customer);
            if (tables.OpenHandOffs(customer.Customer) != (ulong)customer.OpenHandOffs + customer.OpenUses)
            {
                throw new AlteredException(RefusalCode.JournalAltered, "the journal has another number of open hand-offs than are counted");
            }
        }
        catch (AlteredException altered)
        {
            throw new AlteredException(altered.Code, altered.Detail) { Customer = customer.Customer };
        }
    }

    private static void CheckStatements(CustomerRecord customer, Name cluster)
    {
        var (custody, head) = (customer.Custody, customer.Head);
        if (custody.Cluster != cluster || custody.Customer != customer.Customer || !customer.SignedCustody.IsBy(custody.Identity))
        {
            throw new AlteredException(RefusalCode.CustodyAltered,
                "the custody record is not this customer's, or not signed by its identity");
        }

        if (head.Cluster != cluster || head.Customer != customer.Customer || head.Epoch != custody.Epoch ||
            !customer.SignedHead.IsBy(custody.Identity))
        {
            throw new AlteredException(RefusalCode.HeadAltered, "the head is not this customer's, or not signed by its identity");
        }
    }

    private static void CheckCustodyEntry(IZoneReader tables, CustomerRecord customer)
    {
        var tree = new SparseTree(tables.Nodes(customer.Customer));
        var entry = EntryCache.Read(tables, tree, customer, EntryKey.Custody(customer.Custody.Epoch)).Entry;
        if (entry is not null && !entry.Statement.Span.SequenceEqual(customer.SignedCustody.Statement.Span))
        {
            throw new AlteredException(RefusalCode.CustodyAltered, "the custody record is another than the one under the head");
        }
    }

    private static void CheckChain(IZoneReader tables, CustomerRecord customer, ChainState end, Name cluster, PublicKey ledgerKey)
    {
        var said = new Said();
        var read = 0;
        foreach (var (record, block) in ChainTail.Back(tables, end))
        {
            var says = Say(block, said);
            if (said.IsUnknown)
            {
                // Written by a later version: what it says of the row is not known here.
                break;
            }

            if (says || read == 0)
            {
                ChainTail.CheckSignature(tables, record, cluster, ledgerKey);
            }

            if (++read == MaxBlocks || said.IsAll)
            {
                break;
            }
        }

        if (read == 0)
        {
            throw new AlteredException(RefusalCode.LedgerAltered, "the customer has no chain");
        }

        Compare(customer, said);
    }

    private static void Compare(CustomerRecord customer, Said said)
    {
        if (said.Fence is { } fence && fence != customer.Fence)
        {
            throw new AlteredException(RefusalCode.FenceAltered, $"the fence is {customer.Fence}, and the ledger says {fence}");
        }

        if (said.Owner is { } owner && (owner.Node != customer.OwnerNode || owner.Incarnation != customer.OwnerIncarnation))
        {
            throw new AlteredException(RefusalCode.FenceAltered, "the owner is another than the one whose claim is in the ledger");
        }

        if (said.Lifted is { } lifted && (lifted != customer.LiftedGeneration || lifted + said.Locks != customer.LockGeneration))
        {
            throw new AlteredException(
                RefusalCode.LockAltered,
                $"lock {customer.LockGeneration} with {customer.LiftedGeneration} lifted, and the ledger says " +
                $"{lifted + said.Locks} and {lifted}");
        }

        if ((said.Head is { } head && !head.Statement.Span.SequenceEqual(customer.SignedHead.Statement.Span)) ||
            (said.Counter is { } counter && counter != customer.Head.Counter))
        {
            throw new AlteredException(RefusalCode.HeadAltered, "the head is another than the newest one in the ledger");
        }
    }

    /// <summary>Whether the block is the newest that says something of the row.</summary>
    private static bool Say(Block block, Said said)
    {
        try
        {
            return block.Kind switch
            {
                BlockKind.Enrolled or BlockKind.Change or BlockKind.RotationEnded =>
                    said.Changed(Statement.Read<ChangeRecord>(block.Body.Span).Head),
                BlockKind.Restored => said.Changed(Statement.Read<RestoredRecord>(block.Body.Span).Head),
                BlockKind.Rotated => said.Changed(Statement.Read<RotationRecord>(block.Body.Span).Head),
                BlockKind.Rotation => said.Rotates(Statement.Read<RotationIntent>(block.Body.Span)),
                BlockKind.Claim => said.Claimed(Statement.Read<SignedRecord>(block.Body.Span).Statement.Read<Claim>()),
                BlockKind.Intent => said.Intended(
                    Statement.Read<Intent>(Statement.Read<IntentRecord>(block.Body.Span).Intent.Span)),
                BlockKind.Lock => said.Locked(Statement.Read<SignedRequest>(block.Body.Span)),
                BlockKind.Outcome or BlockKind.Invitation or BlockKind.Refusal or BlockKind.Transfer or BlockKind.CustodyEvent or
                    BlockKind.BackupCheck => false,
                _ => said.Unknown(),
            };
        }
        catch (MalformedException)
        {
            throw new AlteredException(RefusalCode.LedgerAltered, "a block's body is not what its kind says");
        }
    }

    /// <summary>What the blocks have said so far, the newest first: what was said is not said again.</summary>
    private sealed class Said
    {
        public ulong? Fence { get; private set; }

        public (Name Node, Digest Incarnation)? Owner { get; private set; }

        public ulong? Lifted { get; private set; }

        public ulong Locks { get; private set; }

        public Signed? Head { get; private set; }

        public ulong? Counter { get; private set; }

        public bool IsAll => Fence is not null && Lifted is not null && (Head is not null || Counter is not null);

        public bool IsUnknown { get; private set; }

        public bool Unknown()
        {
            IsUnknown = true;
            return false;
        }

        public bool Changed(Signed head)
        {
            var isNew = Head is null && Counter is null;
            Head = isNew ? head : Head;
            return isNew;
        }

        // Whoever claims lifts what stands, or nothing stands: at a claim, lock and lift are level.
        public bool Claimed(Claim claim)
        {
            var isNew = Fence is null || Lifted is null;
            Owner ??= Fence is null ? (claim.Node, claim.Incarnation) : null;
            Fence ??= claim.Fence;
            Lifted ??= claim.LiftedGeneration;
            return isNew;
        }

        // Nothing is released while a lock stands, so here they are level too.
        public bool Intended(Intent intent) => Released(intent.Fence, intent.LockGeneration, intent.HeadCounter);

        public bool Rotates(RotationIntent intent) => Released(intent.Fence, intent.LockGeneration, intent.HeadCounter);

        private bool Released(ulong fence, ulong generation, ulong counter)
        {
            var isNew = !IsAll;
            Fence ??= fence;
            Lifted ??= generation;
            Counter ??= Head is null ? counter : null;
            return isNew;
        }

        public bool Locked(SignedRequest signed)
        {
            var raises = Lifted is null && Statement.Read<Request>(signed.Statement.Span).Action == UserAction.Lock.Name;
            Locks += raises ? 1u : 0u;
            return raises;
        }
    }
}
