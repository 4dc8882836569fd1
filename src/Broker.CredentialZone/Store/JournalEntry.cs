namespace Broker.CredentialZone.Store;

/// <summary>A hand-off with the request that asked for it.</summary>
/// <param name="HandOff">The journal's record.</param>
/// <param name="Request">The encoding of the signed request.</param>
/// <param name="Launch">Where it is a promotion, the encoding of the launch that followed from it; else empty.</param>
/// <param name="HeadCounter">Counter of the head under which the rows of its first intent stood.</param>
/// <param name="Fence">The owner's fence of its first intent.</param>
internal sealed record JournalEntry(
    HandOffRecord HandOff, ReadOnlyMemory<byte> Request, ReadOnlyMemory<byte> Launch, ulong HeadCounter, ulong Fence);
