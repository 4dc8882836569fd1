using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;

namespace Broker.CredentialZone.Store;

/// <summary>
/// What the credential zone keeps, whatever database is beneath.
/// <para>
/// <b>Atomic.</b> Each operation of a batch is kept whole or not at all, in the order of the batch, and sees what the ones
/// before it did. The batch is one transaction: blocks of all chains, the batch's root and signature, rows, leaves, heads,
/// journal and idempotency become durable together (I6), before any operation ends.
/// </para>
/// <para>
/// <b>Ends.</b> A refused operation leaves nothing and does not touch the others. A fault of one leaves nothing of that one; a
/// fault of the transaction fails all. When the commit itself ends unknown, every operation of the batch ends with
/// <see cref="UnknownCommitException"/>, and the store answers from the database again, not from what it remembered.
/// </para>
/// <para>
/// <b>One writer.</b> <see cref="Commit"/> is called by one thread at a time. Reads run beside it, each in one snapshot: what
/// they return belongs together.
/// </para>
/// </summary>
internal interface ICredentialStore : IDisposable
{
    /// <summary>Runs the operations in one transaction and ends each of them. Never throws for the sake of an operation.</summary>
    /// <param name="operations">1 to <see cref="ZoneLimits.MaxOperations"/>.</param>
    void Commit(IReadOnlyList<StoreOperation> operations);

    /// <summary>What the database is, and how far behind its standbys are.</summary>
    /// <exception cref="StoreException">It does not answer.</exception>
    DatabaseStanding Standing();

    /// <summary>The key under which the customer's statements are expected now, for <see cref="StoreOperation.Verify"/>.</summary>
    PublicKey? Identity(Name customer);

    /// <summary>A customer and the end of its chain, or null.</summary>
    CustomerState? Customer(Name customer);

    /// <summary>Names of customers, ordered.</summary>
    /// <param name="after">Only later ones; empty for the first page.</param>
    /// <param name="limit">1 to <see cref="ZoneLimits.MaxPage"/>.</param>
    IReadOnlyList<Name> Customers(string after, int limit);

    /// <summary>Entries with proofs under the head of the same snapshot; of rows the proof only, never the row.</summary>
    /// <param name="customer">The customer.</param>
    /// <param name="keys">At most <see cref="ZoneLimits.MaxKeys"/>.</param>
    /// <param name="together">Whether one proof is made of them all, and none of each.</param>
    /// <returns>Null when there is no such customer.</returns>
    ProvenEntries? ReadEntries(Name customer, IReadOnlyList<EntryKey> keys, bool together = false);

    /// <summary>Entries of one type without proofs, ordered by id; rows cannot be listed.</summary>
    IReadOnlyList<EntryRecord> ListEntries(Name customer, string type, string after, int limit);

    /// <summary>A hand-off, or null.</summary>
    JournalEntry? HandOff(Name customer, Id16 handOff);

    /// <summary>Hand-offs, ordered by id.</summary>
    /// <param name="customer">The customer.</param>
    /// <param name="openOnly">Only those of which an outcome is still to come.</param>
    /// <param name="after">Only later ids; null for the first page.</param>
    /// <param name="limit">1 to <see cref="ZoneLimits.MaxPage"/>.</param>
    IReadOnlyList<JournalEntry> HandOffs(Name customer, bool openOnly, Id16? after, int limit);

    /// <summary>An invitation, or null.</summary>
    InvitationRecord? Invitation(Name customer, Digest token);

    /// <summary>Receipts of a chain's blocks in order, and the chain's length in the same snapshot.</summary>
    /// <param name="chain">A customer, or <see cref="Block.ClusterChain"/>.</param>
    /// <param name="from">First position.</param>
    /// <param name="limit">1 to <see cref="ZoneLimits.MaxPage"/>.</param>
    LedgerPage Ledger(string chain, ulong from, int limit);
}

/// <summary>A customer and the end of its chain.</summary>
internal sealed record CustomerState(CustomerRecord Customer, LedgerPoint Ledger)
{
    /// <summary>The signed successions, in the order of epochs.</summary>
    public IReadOnlyList<Protocol.Statements.Signed> Successions { get; init; } = [];

    /// <summary>Whether the rotation to the current epoch is unfinished.</summary>
    public bool IsRotating { get; init; }

    /// <summary>All rows, and those of an earlier epoch; counted while a rotation is unfinished.</summary>
    public (ulong All, ulong Old) Rows { get; init; }
}

/// <summary>Entries and the head under which their proofs hold.</summary>
/// <param name="Head">The head.</param>
/// <param name="Entries">The entries.</param>
/// <param name="Proof">
/// The proof of all of them, that a <see cref="Protocol.Merkle.PartialTree"/> reads; empty where each has its own.
/// </param>
internal sealed record ProvenEntries(
    Protocol.Statements.Signed Head, IReadOnlyList<ProvenEntry> Entries, ReadOnlyMemory<byte> Proof = default);

/// <summary>A part of a chain.</summary>
internal sealed record LedgerPage(IReadOnlyList<Receipt> Receipts, ulong Length);
