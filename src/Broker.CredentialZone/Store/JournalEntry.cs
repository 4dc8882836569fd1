namespace Broker.CredentialZone.Store;

/// <summary>A hand-off with the request that asked for it.</summary>
/// <param name="HandOff">The journal's record.</param>
/// <param name="Request">The encoding of the signed request.</param>
internal sealed record JournalEntry(HandOffRecord HandOff, ReadOnlyMemory<byte> Request);
