namespace Broker.CredentialZone.Store;

/// <summary>A block with its place.</summary>
/// <param name="Chain">The chain.</param>
/// <param name="Position">Position in the chain.</param>
/// <param name="Block">The encoding.</param>
/// <param name="Batch">Number of its batch.</param>
/// <param name="Index">Index in the batch.</param>
/// <param name="Path">Siblings up to the batch's root, 32 bytes each.</param>
internal sealed record BlockRecord(
    string Chain, ulong Position, ReadOnlyMemory<byte> Block, long Batch, uint Index, ReadOnlyMemory<byte> Path);
