using Broker.CredentialZone.Store;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Tests.Support;

/// <summary>
/// A store that a test can close and open again beneath a running zone, as a zone that was restarted: nothing is remembered.
/// </summary>
internal sealed class ReopenedStore(Func<ICredentialStore> open) : ICredentialStore
{
    private readonly Lock _lock = new();
    private ICredentialStore _store = open();

    /// <summary>
    /// Does something to the files while nobody has them open. When they cannot be opened any more the store stays closed.
    /// </summary>
    public void Reopen(Action whileClosed)
    {
        lock (_lock)
        {
            _store.Dispose();
            try
            {
                whileClosed();
            }
            finally
            {
                _store = open();
            }
        }
    }

    public DatabaseStanding Standing()
    {
        lock (_lock)
        {
            return _store.Standing();
        }
    }

    public void Commit(IReadOnlyList<StoreOperation> operations)
    {
        lock (_lock)
        {
            _store.Commit(operations);
        }
    }

    public PublicKey? Identity(Name customer) => Read(s => s.Identity(customer));

    public CustomerState? Customer(Name customer) => Read(s => s.Customer(customer));

    public IReadOnlyList<Name> Customers(string after, int limit) => Read(s => s.Customers(after, limit));

    public ProvenEntries? ReadEntries(Name customer, IReadOnlyList<EntryKey> keys, bool together = false) =>
        Read(s => s.ReadEntries(customer, keys, together));

    public IReadOnlyList<EntryRecord> ListEntries(Name customer, string type, string after, int limit) =>
        Read(s => s.ListEntries(customer, type, after, limit));

    public JournalEntry? HandOff(Name customer, Id16 handOff) => Read(s => s.HandOff(customer, handOff));

    public IReadOnlyList<JournalEntry> HandOffs(Name customer, bool openOnly, Id16? after, int limit) =>
        Read(s => s.HandOffs(customer, openOnly, after, limit));

    public InvitationRecord? Invitation(Name customer, Digest token) => Read(s => s.Invitation(customer, token));

    public LedgerPage Ledger(string chain, ulong from, int limit) => Read(s => s.Ledger(chain, from, limit));

    public void Dispose()
    {
        lock (_lock)
        {
            _store.Dispose();
        }
    }

    private T Read<T>(Func<ICredentialStore, T> read)
    {
        lock (_lock)
        {
            return read(_store);
        }
    }
}
