namespace Broker.Protocol.Api;

/// <summary>Whether a row of a backup can be opened: POST /v1/customers/{customer}/backup-checks.</summary>
/// <param name="Proof">The encoding of a <see cref="Backup.BackupProof"/>.</param>
public sealed record BackupCheckModel(byte[] Proof);

/// <summary>It can. Nothing of what it opens to is said.</summary>
/// <param name="BackupHead">Counter of the backup's head.</param>
/// <param name="Head">Counter of the customer's head now.</param>
/// <param name="Position">Position of the block that records the opening.</param>
public sealed record BackupCheckedModel(ulong BackupHead, ulong Head, ulong Position);
