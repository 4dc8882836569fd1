using Broker.Protocol.Backup;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Merkle;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Dmz.Customers;

/// <summary>
/// Whether a backup can be opened: a row that stands under a head of this customer is opened here and wiped at once. Only yes or no
/// leaves, and the intent is in the ledger before; so it is no way to learn of a row, or to have one opened unseen.
/// </summary>
internal sealed partial class CustomerKey
{
    private const int MaxBackupChecks = 4;

    private static readonly TimeSpan BackupCheckLife = TimeSpan.FromMinutes(1);

    private readonly Dictionary<Digest, BackupOffer> _backupChecks = [];

    private bool ReceiveBackupCheck(CustomerKeyMessage message)
    {
        switch (message)
        {
            case CustomerKeyMessage.OfferBackupCheck m:
                m.ReplyTo.Tell(OnOfferBackupCheck(m.Proof, m.Principal));
                return true;
            case CustomerKeyMessage.OpenBackup m:
                m.ReplyTo.Tell(OnOpenBackup(m));
                return true;
            default:
                return false;
        }
    }

    private Result<OfferedBackupCheck> OnOfferBackupCheck(BackupProof proof, string principal)
    {
        if (_state != KeyState.Unlocked)
        {
            return LockedRefusal();
        }

        var now = _node.Time.GetUtcNow();
        foreach (var (hash, old) in _backupChecks.Where(o => o.Value.Until < now).ToList())
        {
            _backupChecks.Remove(hash);
        }

        if (_backupChecks.Count >= MaxBackupChecks)
        {
            return new Refused(Codes.Busy, "other backups of this customer are being looked at; try again");
        }

        if (ExamineBackup(proof, out var head, out var row, out var leaf) is { } refused)
        {
            return refused;
        }

        var check = _secret!.Sign(new BackupCheck(
            _node.Cluster, _customer, _secret.Epoch, _node.Node, principal, _fence, _lockGeneration, head.Counter, leaf));
        var offer = new BackupOffer(check, EntryKeyOf(proof), row, head.Counter, _fence, _lockGeneration, now + BackupCheckLife);
        return _backupChecks.TryAdd(check.Hash, offer)
            ? new OfferedBackupCheck(check.Hash, check, _fence)
            : new Refused(Codes.Busy, "this row is being looked at for this console; try again");
    }

    private static EntryKey EntryKeyOf(BackupProof proof) => new(EntryKey.RowType, proof.Id);

    /// <summary>Whether the head is one of this customer's, of an epoch whose key is here, and the row stands under it.</summary>
    private Refused? ExamineBackup(BackupProof proof, out CustomerHead head, out StoredRow row, out Digest leaf)
    {
        (head, row, leaf) = (null!, null!, default);
        uint epoch;
        bool isUnder;
        try
        {
            head = proof.Head.Read<CustomerHead>();
            row = Statement.Read<StoredRow>(proof.Row.Span);
            epoch = StoredRow.ReadHeader(proof.Row.Span).Epoch;
            var key = EntryKeyOf(proof).LeafKey;
            leaf = TreeHash.Leaf(key, Digest.Of(proof.Row.Span));
            isUnder = TreeProof.Parse(proof.Proof.Span).LeadsTo(head.Root, key, leaf);
        }
        catch (MalformedException problem)
        {
            return new Refused(Codes.Malformed, problem.Message);
        }

        var (signed, of) = (proof.Head, head);
        var oldest = _secret!.Predecessor?.Epoch ?? _secret.Epoch;
        return 0 switch
        {
            _ when head.Cluster != _node.Cluster || head.Customer != _customer =>
                new(BackupCodes.OfAnother, "the head is of another cluster or customer"),
            _ when Math.Min(head.Epoch, epoch) < oldest => new(
                BackupCodes.Superseded, $"the backup is older than the rotation to epoch {oldest}, whose end wiped the key before: " +
                "nobody opens its rows any more; make a new backup"),
            _ when !HeldSecrets().Any(s => s.Epoch == of.Epoch && signed.IsBy(s.Identity)) =>
                new(BackupCodes.HeadForged, "the head is not signed by the customer's identity"),
            _ when head.Counter > _head!.Value.Counter => new(
                BackupCodes.Ahead, $"the backup has head {head.Counter} and the customer's is {_head.Value.Counter}: the store that runs " +
                "is older than the backup"),
            _ when !isUnder => new(BackupCodes.RowNotUnderHead, "the row does not stand under the head: the manifest was altered"),
            _ => null,
        };
    }

    private Result<OpenedBackup> OnOpenBackup(CustomerKeyMessage.OpenBackup message)
    {
        if (_state != KeyState.Unlocked)
        {
            return LockedRefusal();
        }

        if (!_backupChecks.Remove(message.Intent, out var offer))
        {
            return new Refused(BackupCodes.NotOffered, "no intent to open this row waits for its receipt");
        }

        if (BelieveBackupReceipt(message.Receipt.Span, offer, out var position) is { } refused)
        {
            return refused;
        }

        try
        {
            var failure = RowCipher.TryOpen(_secret!, offer.Key, offer.Row, out var plaintext);
            plaintext?.Dispose();
            return failure == RowFailure.None
                ? new OpenedBackup(offer.HeadCounter, _head!.Value.Counter, position)
                : new Refused(BackupCodes.RowNotOpened, "the row stands under the head, and the customer's key does not open it");
        }
        catch (SecretMemoryExhaustedException)
        {
            return MemoryFull;
        }
    }

    private Refused? BelieveBackupReceipt(ReadOnlySpan<byte> receipt, BackupOffer offer, out ulong position)
    {
        position = 0;
        if (_node.Ledger.Key is not { } ledger)
        {
            return new Refused(Codes.ZoneUnavailable, "the zone's ledger key is not known yet");
        }

        Block? block;
        try
        {
            block = Statement.Read<Receipt>(receipt).Verify(ledger, _node.Cluster, _batches);
        }
        catch (MalformedException)
        {
            block = null;
        }

        position = block?.Position ?? 0;
        return block switch
        {
            null => new Refused(Codes.ReceiptForged, "the zone's receipt does not verify"),
            _ when block.Kind != BlockKind.BackupCheck || block.Chain != _customer.Value ||
                !block.Body.Span.SequenceEqual(new SignedRecord(offer.Signed).Encode()) =>
                new Refused(Codes.ReceiptOfAnother, "the receipt is of something else than this check"),
            _ when offer.Fence != _fence => new Refused(Codes.FenceStale, "the intent is under another fence"),
            _ when offer.LockGeneration != _lockGeneration =>
                new Refused(Codes.LockStands, "the intent is under another lock generation"),
            _ when !ReplayWindow.IsFresh(block.Time, _node.Time.GetUtcNow()) =>
                new Refused(Codes.ReceiptStale, "the receipt is too old; look at the clocks"),
            _ => null,
        };
    }

    /// <summary>An intent that was signed, with the ciphertext that it is about.</summary>
    private sealed record BackupOffer(
        Signed Signed, EntryKey Key, StoredRow Row, ulong HeadCounter, ulong Fence, ulong LockGeneration, DateTimeOffset Until);
}
