using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Store;

/// <summary>A customer as the zone keeps it: one row, written only by the writer.</summary>
/// <param name="Customer">The name.</param>
/// <param name="Fence">Raised at each claim.</param>
/// <param name="OwnerNode">Who claimed last.</param>
/// <param name="OwnerIncarnation">Fingerprint of its incarnation.</param>
/// <param name="LockGeneration">Raised at each lock.</param>
/// <param name="LiftedGeneration">Up to which locks are lifted.</param>
/// <param name="SignedCustody">The custody record as signed.</param>
/// <param name="Custody">The same, read.</param>
/// <param name="SignedHead">The head as signed.</param>
/// <param name="Head">The same, read.</param>
/// <param name="RateMinute">The minute in which releases are counted.</param>
/// <param name="RateCount">Releases in that minute.</param>
/// <param name="OpenHandOffs">Released hand-offs without an outcome.</param>
/// <param name="OpenUses">Acknowledged hand-offs without an end of the use.</param>
internal sealed record CustomerRecord(
    Name Customer,
    ulong Fence,
    Name OwnerNode,
    Digest OwnerIncarnation,
    ulong LockGeneration,
    ulong LiftedGeneration,
    Signed SignedCustody,
    CustodyRecord Custody,
    Signed SignedHead,
    CustomerHead Head,
    long RateMinute,
    uint RateCount,
    uint OpenHandOffs,
    uint OpenUses)
{
    /// <summary>Whether a lock stands.</summary>
    public bool IsLocked => LockGeneration > LiftedGeneration;
}

/// <summary>The end of a chain of blocks.</summary>
/// <param name="Chain">The customer, or <see cref="Block.ClusterChain"/>.</param>
/// <param name="Length">Blocks.</param>
/// <param name="Hash">Hash of the last one; zero when there is none.</param>
/// <param name="Entered">Length that was last entered in the cluster's chain.</param>
internal sealed record ChainState(string Chain, ulong Length, Digest Hash, ulong Entered);

/// <summary>A point of a chain.</summary>
/// <param name="Length">Blocks up to it.</param>
/// <param name="Hash">Hash of the last of them.</param>
internal readonly record struct LedgerPoint(ulong Length, Digest Hash);

/// <summary>An entry of the directory, or a row.</summary>
/// <param name="Key">Type and id.</param>
/// <param name="Statement">The encoding.</param>
/// <param name="Signature">The identity key's signature; empty for a row.</param>
internal sealed record EntryRecord(EntryKey Key, ReadOnlyMemory<byte> Statement, ReadOnlyMemory<byte> Signature);

/// <summary>What becomes of one entry in a commit.</summary>
/// <param name="Key">Type and id.</param>
/// <param name="Statement">The new encoding, or null to remove it.</param>
/// <param name="Signature">The identity key's signature; empty for a row or a removal.</param>
internal sealed record EntryChange(EntryKey Key, ReadOnlyMemory<byte>? Statement, ReadOnlyMemory<byte> Signature);

/// <summary>An entry, or its absence, with the proof under the customer's head.</summary>
/// <param name="Key">Type and id.</param>
/// <param name="Entry">The entry; null when there is none, and for a row where rows are not given.</param>
/// <param name="Value">SHA-256 of the statement; zero when there is no entry.</param>
/// <param name="Proof">The encoding of a <see cref="Protocol.Merkle.TreeProof"/>.</param>
internal sealed record ProvenEntry(EntryKey Key, EntryRecord? Entry, Digest Value, ReadOnlyMemory<byte> Proof);

/// <summary>A hand-off in the journal.</summary>
/// <param name="HandOff">The hand-off.</param>
/// <param name="Agent">Who receives.</param>
/// <param name="Request">SHA-256 of the request's statement.</param>
/// <param name="Attempt">The attempt, from 1.</param>
/// <param name="State">How the hand-off stands.</param>
/// <param name="UseState">How the use stands; empty until it ended.</param>
/// <param name="Code">What the last outcome said more, or empty.</param>
/// <param name="Intent">Position of the first intent's block in the customer's chain: it holds the request.</param>
/// <param name="Released">When it was first released.</param>
/// <param name="Updated">When it last changed.</param>
internal sealed record HandOffRecord(
    Id16 HandOff,
    Name Agent,
    Digest Request,
    uint Attempt,
    string State,
    string UseState,
    string Code,
    ulong Intent,
    DateTimeOffset Released,
    DateTimeOffset Updated)
{
    /// <summary>Whether an outcome of the hand-off, or of its use, is still to come.</summary>
    public bool IsOpen => State == HandOffState.Released || (State == HandOffState.Acknowledged && UseState.Length == 0);
}

/// <summary>A hand-off with the request that asked for it.</summary>
/// <param name="HandOff">The journal's record.</param>
/// <param name="Request">The encoding of the signed request.</param>
internal sealed record JournalEntry(HandOffRecord HandOff, ReadOnlyMemory<byte> Request);

/// <summary>An invitation of an agent.</summary>
/// <param name="Token">Fingerprint of the one-time token.</param>
/// <param name="Agent">The agent.</param>
/// <param name="Request">The encoding of the signed request that invites.</param>
/// <param name="NotAfter">End of its life.</param>
/// <param name="Redeemed">Whether an agent enrolled with it.</param>
internal sealed record InvitationRecord(
    Digest Token, Name Agent, ReadOnlyMemory<byte> Request, DateTimeOffset NotAfter, bool Redeemed);

/// <summary>The generation of an agent.</summary>
/// <param name="Agent">The agent.</param>
/// <param name="Boot">The boot that presented it.</param>
/// <param name="Generation">The highest one presented.</param>
/// <param name="Suspended">Whether a used one was presented.</param>
internal sealed record GenerationRecord(Name Agent, Id16 Boot, ulong Generation, bool Suspended);

/// <summary>A remembered idempotency key.</summary>
/// <param name="Body">SHA-256 of the request's statement.</param>
/// <param name="HandOff">The hand-off that it released; zero for others.</param>
/// <param name="Result">A number that the operation returned, or 0.</param>
/// <param name="Expires">When it may be forgotten.</param>
internal sealed record IdempotencyRecord(Digest Body, Id16 HandOff, ulong Result, DateTimeOffset Expires);

/// <summary>A batch of blocks under one signature.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Batch">The statement and the ledger key's signature.</param>
internal sealed record BatchRecord(long Id, Signed Batch);

/// <summary>A block with its place.</summary>
/// <param name="Chain">The chain.</param>
/// <param name="Position">Position in the chain.</param>
/// <param name="Block">The encoding.</param>
/// <param name="Batch">Number of its batch.</param>
/// <param name="Index">Index in the batch.</param>
/// <param name="Path">Siblings up to the batch's root, 32 bytes each.</param>
internal sealed record BlockRecord(string Chain, ulong Position, ReadOnlyMemory<byte> Block, long Batch, uint Index, ReadOnlyMemory<byte> Path);
