using Broker.CredentialZone.Tree;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Store;

/// <summary>A database beneath the store: one writer, and readers beside it. The rules are the store's, only the tables are its.</summary>
internal interface IZoneDatabase : IDisposable
{
    /// <summary>The one writer.</summary>
    IZoneWriter Writer { get; }

    /// <summary>
    /// Whether other zone nodes write to it too. Then the store remembers nothing across batches that it does not compare with the rows
    /// that it locks at the beginning of each.
    /// </summary>
    bool IsShared => false;

    /// <summary>How long a batch is begun anew that ended with a <see cref="TransientStoreException"/>.</summary>
    TimeSpan Patience => TimeSpan.Zero;

    /// <summary>What it says of itself to the ops team; asked now and then.</summary>
    /// <exception cref="StoreException">It does not answer.</exception>
    DatabaseStanding Standing() => new("memory", 0, null, null);

    /// <summary>Runs a query in one snapshot of what is committed.</summary>
    T Read<T>(Func<IZoneReader, T> query);

    /// <summary>
    /// Looks beside the writer whether the database would take a write, without leaving anything in it. May take as long as a connection
    /// and a statement.
    /// </summary>
    /// <param name="withSpace">Whether some of its disk is used for a moment too.</param>
    /// <exception cref="StoreFullException">There is no space.</exception>
    /// <exception cref="StoreException">It cannot be reached, or only be read.</exception>
    void Probe(bool withSpace)
    {
    }
}

/// <summary>The tables, read in the current transaction or snapshot.</summary>
internal interface IZoneReader
{
    /// <summary>Reads a setting of the database itself.</summary>
    byte[]? Meta(string key);

    /// <summary>Reads a customer.</summary>
    CustomerRecord? Customer(Name customer);

    /// <summary>Lists customers.</summary>
    IReadOnlyList<Name> Customers(string after, int limit);

    /// <summary>Reads the end of a chain; an empty one when there is none.</summary>
    ChainState Chain(string chain);

    /// <summary>Customers' chains that are longer than what the cluster's chain says of them.</summary>
    IReadOnlyList<ChainState> GrownChains(int limit);

    /// <summary>Reads an entry or row.</summary>
    EntryRecord? Entry(Name customer, EntryKey key);

    /// <summary>Lists entries of a type.</summary>
    IReadOnlyList<EntryRecord> Entries(Name customer, string type, string after, int limit);

    /// <summary>
    /// Rows of epochs before that one, the earliest first, always in one order: where the database can, that of their keys in the tree.
    /// </summary>
    /// <param name="customer">The customer.</param>
    /// <param name="before">The epoch.</param>
    /// <param name="skip">How many to pass over.</param>
    /// <param name="limit">How many to give.</param>
    IReadOnlyList<EntryRecord> OldRows(Name customer, uint before, int skip, int limit);

    /// <summary>Counts all rows, and those of an epoch before.</summary>
    (ulong All, ulong Old) CountRows(Name customer, uint before);

    /// <summary>The nodes of a customer's tree.</summary>
    ITreeNodes Nodes(Name customer);

    /// <summary>Reads a hand-off.</summary>
    HandOffRecord? HandOff(Name customer, Id16 handOff);

    /// <summary>Lists hand-offs.</summary>
    IReadOnlyList<HandOffRecord> HandOffs(Name customer, bool openOnly, Id16? after, int limit);

    /// <summary>Counts hand-offs that are open, themselves or their use.</summary>
    uint OpenHandOffs(Name customer);

    /// <summary>Reads an idempotency key.</summary>
    IdempotencyRecord? Idempotency(Name customer, Name user, Id16 key);

    /// <summary>Reads an invitation.</summary>
    InvitationRecord? Invitation(Name customer, Digest token);

    /// <summary>Counts invitations that are neither redeemed nor expired.</summary>
    uint OpenInvitations(Name customer, DateTimeOffset now);

    /// <summary>Reads an agent's generation.</summary>
    GenerationRecord? Generation(Name customer, Name agent);

    /// <summary>Reads a chain's blocks in order.</summary>
    IReadOnlyList<BlockRecord> Blocks(string chain, ulong from, int limit);

    /// <summary>Reads a batch.</summary>
    BatchRecord? Batch(long id);
}

/// <summary>The tables, written in one transaction with a savepoint for each operation.</summary>
internal interface IZoneWriter : IZoneReader
{
    /// <summary>Whether the transaction stands: a fault may have ended it.</summary>
    bool InTransaction { get; }

    /// <summary>Bytes that can still be written, as far as the database knows.</summary>
    long FreeBytes { get; }

    /// <summary>Begins the transaction.</summary>
    void Begin();

    /// <summary>
    /// Locks the rows of these customers and the ends of their chains until the transaction ends, in one order for all nodes. Done once
    /// in a transaction, before anything is read; what is read later and is not among them is locked then. A database that only this
    /// process writes to needs none of it.
    /// </summary>
    /// <param name="names">Customers, and <see cref="Protocol.Ledger.Block.ClusterChain"/> for the cluster's chain.</param>
    void Lock(IReadOnlyCollection<string> names)
    {
    }

    /// <summary>Commits.</summary>
    /// <exception cref="StoreException">Nothing was kept.</exception>
    /// <exception cref="TransientStoreException">Nothing was kept, and the next time it may be.</exception>
    /// <exception cref="UnknownCommitException">It may have been kept.</exception>
    void Commit();

    /// <summary>Takes the transaction back, if it still stands.</summary>
    void Rollback();

    /// <summary>Sets the point to which <see cref="RollbackToSavepoint"/> returns.</summary>
    void Savepoint();

    /// <summary>Keeps what was done since the savepoint.</summary>
    void ReleaseSavepoint();

    /// <summary>Takes back what was done since the savepoint.</summary>
    void RollbackToSavepoint();

    /// <summary>Sets a setting of the database itself.</summary>
    void SetMeta(string key, ReadOnlySpan<byte> value);

    /// <summary>Inserts a customer that is not there.</summary>
    /// <exception cref="TransientStoreException">Another node has inserted it meanwhile.</exception>
    void AddCustomer(CustomerRecord customer) => PutCustomer(customer);

    /// <summary>Inserts or replaces a customer.</summary>
    void PutCustomer(CustomerRecord customer);

    /// <summary>Inserts or replaces the end of a chain.</summary>
    void PutChain(ChainState chain);

    /// <summary>Inserts or replaces an entry or row.</summary>
    void PutEntry(Name customer, EntryRecord entry);

    /// <summary>Removes an entry or row, if it is there.</summary>
    void DeleteEntry(Name customer, EntryKey key);

    /// <summary>Inserts a hand-off unless there is one with its id.</summary>
    /// <returns>Whether it was inserted.</returns>
    bool TryAddHandOff(Name customer, HandOffRecord handOff);

    /// <summary>Replaces attempt, states, code and time of a hand-off.</summary>
    void UpdateHandOff(Name customer, HandOffRecord handOff);

    /// <summary>Inserts an idempotency key unless there is one that has not expired.</summary>
    /// <returns>Whether it was inserted.</returns>
    bool TryAddIdempotency(Name customer, Name user, Id16 key, IdempotencyRecord record, DateTimeOffset now);

    /// <summary>Inserts an invitation unless there is one with its token.</summary>
    /// <returns>Whether it was inserted.</returns>
    bool TryAddInvitation(Name customer, InvitationRecord invitation);

    /// <summary>Marks an invitation redeemed where it is open at that time.</summary>
    /// <returns>Whether it was.</returns>
    bool TryRedeem(Name customer, Digest token, DateTimeOffset now);

    /// <summary>Inserts or replaces an agent's generation.</summary>
    void PutGeneration(Name customer, GenerationRecord generation);

    /// <summary>Forgets an agent's generation.</summary>
    void DeleteGeneration(Name customer, Name agent);

    /// <summary>Inserts a block.</summary>
    void AddBlock(BlockRecord block);

    /// <summary>Inserts a batch.</summary>
    /// <returns>Its number.</returns>
    long AddBatch(ReadOnlySpan<byte> statement, ReadOnlySpan<byte> signature);

    /// <summary>Removes idempotency keys and invitations whose time is over, at most <paramref name="limit"/> of each.</summary>
    void Forget(DateTimeOffset now, int limit);
}
