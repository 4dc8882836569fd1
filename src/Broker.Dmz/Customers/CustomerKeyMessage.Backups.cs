using Broker.Actors;
using Broker.Protocol.Backup;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Customers;

/// <content>Whether a row of a backup can be opened.</content>
internal abstract partial record CustomerKeyMessage
{
    /// <summary>Verify that a row stands under a head of this customer, and sign the intent to open it.</summary>
    public sealed record OfferBackupCheck(BackupProof Proof, string Principal, ReplyTo<Result<OfferedBackupCheck>> ReplyTo)
        : CustomerKeyMessage;

    /// <summary>The zone recorded the intent: open, and wipe.</summary>
    public sealed record OpenBackup(Digest Intent, ReadOnlyMemory<byte> Receipt, ReplyTo<Result<OpenedBackup>> ReplyTo)
        : CustomerKeyMessage;
}

/// <summary>An intent that the key signed; it opens when it sees this record in the ledger.</summary>
/// <param name="Check">SHA-256 of the intent.</param>
/// <param name="Signed">The <see cref="Protocol.Ledger.BackupCheck"/>, signed.</param>
/// <param name="Fence">The fence under which to append it.</param>
internal sealed record OfferedBackupCheck(Digest Check, Protocol.Statements.Signed Signed, ulong Fence);

/// <summary>The row opened; nothing of it is here.</summary>
/// <param name="BackupHead">Counter of the backup's head.</param>
/// <param name="Head">Counter of the customer's head.</param>
/// <param name="Position">Position of the block that records it.</param>
internal sealed record OpenedBackup(ulong BackupHead, ulong Head, ulong Position);
