using Broker.CredentialZone.Store;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Relational;

/// <summary>The tables of a database server, written by one session; what it reads of customers and chains is locked.</summary>
/// <param name="session">The connection.</param>
/// <param name="texts">The statements.</param>
/// <param name="maxBytes">Size of the database beyond which it counts as full, or 0.</param>
internal class SqlWriter(ISqlWriteSession session, SqlTexts texts, long maxBytes) : SqlReader(session, texts), IZoneWriter
{
    private const int SizeEvery = 64;

    // As they are stored in this transaction, so that what was locked is not asked for again.
    private readonly Dictionary<string, SqlRow?> _customers = [];
    private readonly Dictionary<string, SqlRow?> _chains = [];
    private long _size;
    private int _asked;

    /// <inheritdoc/>
    public bool InTransaction => session.InTransaction;

    /// <inheritdoc/>
    /// <remarks>
    /// Up to the bound that is set, looked at with every 64th batch: a server does not tell what its disk has left. When that is full it
    /// says so, and nothing was kept.
    /// </remarks>
    public long FreeBytes
    {
        get
        {
            if (maxBytes == 0)
            {
                return long.MaxValue;
            }

            if (_asked-- == 0)
            {
                (_size, _asked) = (Session.Query(Texts.Size)[0].Int64(0), SizeEvery);
            }

            return Math.Max(0, maxBytes - _size);
        }
    }

    /// <inheritdoc/>
    public virtual void Begin()
    {
        ForgetLocked();
        session.Begin();
    }

    /// <inheritdoc/>
    public virtual void Lock(IReadOnlyCollection<string> names)
    {
        foreach (var name in names.Order(StringComparer.Ordinal))
        {
            Found(name, First(Session.Query(Texts.CustomerHeld, name)));
        }

        foreach (var name in names.Order(StringComparer.Ordinal))
        {
            FoundChain(name, First(Session.Query(Texts.ChainHeld, name)));
        }
    }

    /// <inheritdoc/>
    public void Commit()
    {
        ForgetLocked();
        session.Commit();
    }

    /// <inheritdoc/>
    public void Rollback()
    {
        ForgetLocked();
        session.Rollback();
    }

    /// <inheritdoc/>
    public void Savepoint() => session.Savepoint();

    /// <inheritdoc/>
    public void ReleaseSavepoint() => session.ReleaseSavepoint();

    /// <inheritdoc/>
    public void RollbackToSavepoint() => session.RollbackToSavepoint();

    /// <inheritdoc/>
    public override byte[]? Meta(string key) =>
        Session.Query(InTransaction ? Texts.MetaHeld : Texts.Meta, key) is [var row, ..] ? row.Bytes(0) : null;

    /// <inheritdoc/>
    public override CustomerRecord? Customer(Name customer)
    {
        if (!InTransaction)
        {
            return base.Customer(customer);
        }

        if (!_customers.TryGetValue(customer.Value, out var row))
        {
            row = First(Session.Query(Texts.CustomerHeld, customer));
            Found(customer.Value, row);
        }

        return row is null ? null : ReadCustomer(row, customer);
    }

    /// <inheritdoc/>
    public override ChainState Chain(string chain)
    {
        if (!InTransaction)
        {
            return base.Chain(chain);
        }

        if (!_chains.TryGetValue(chain, out var row))
        {
            row = First(Session.Query(Texts.ChainHeld, chain));
            FoundChain(chain, row);
        }

        return ReadChain(row, chain);
    }

    /// <inheritdoc/>
    public virtual void SetMeta(string key, ReadOnlySpan<byte> value) => Session.Run(Texts.PutMeta, key, SqlValue.Blob(value.ToArray()));

    /// <inheritdoc/>
    public void AddCustomer(CustomerRecord customer)
    {
        _customers.Remove(customer.Customer.Value);
        Session.Run(Texts.AddCustomer, Columns(customer));
    }

    /// <inheritdoc/>
    public void PutCustomer(CustomerRecord customer)
    {
        _customers.Remove(customer.Customer.Value);
        Session.Later(Texts.PutCustomer, Columns(customer));
    }

    /// <inheritdoc/>
    public void PutChain(ChainState chain)
    {
        _chains.Remove(chain.Chain);
        Session.Later(Texts.PutChain, chain.Chain, chain.Length, chain.Hash, chain.Entered);
    }

    /// <inheritdoc/>
    public void PutEntry(Name customer, EntryRecord entry) => Session.Later(
        Texts.PutEntry, customer, entry.Key.Type, entry.Key.Id, SqlValue.Blob(entry.Statement), SqlValue.BlobOrNull(entry.Signature),
        SqlValue.NumberOrNull(entry.Epoch));

    /// <inheritdoc/>
    public void DeleteEntry(Name customer, EntryKey key) => Session.Later(Texts.DeleteEntry, customer, key.Type, key.Id);

    /// <inheritdoc/>
    public bool TryAddHandOff(Name customer, HandOffRecord handOff) => Session.Run(
        Texts.AddHandOff, customer, handOff.HandOff, handOff.Agent, handOff.Request, (long)handOff.Attempt, handOff.State,
        handOff.UseState, handOff.Code, handOff.Intent, handOff.Released, handOff.Updated, handOff.IsOpen) > 0;

    /// <inheritdoc/>
    public void UpdateHandOff(Name customer, HandOffRecord handOff) => Session.Later(
        Texts.PutHandOff, (long)handOff.Attempt, handOff.State, handOff.UseState, handOff.Code, handOff.Updated, handOff.IsOpen,
        customer, handOff.HandOff);

    /// <inheritdoc/>
    public bool TryAddIdempotency(Name customer, Name user, Id16 key, IdempotencyRecord record, DateTimeOffset now) => Session.Run(
        Texts.AddIdempotency, customer, user, key, record.Body, record.HandOff, record.Result, record.Expires, now) > 0;

    /// <inheritdoc/>
    public bool TryAddInvitation(Name customer, InvitationRecord invitation) => Session.Run(
        Texts.AddInvitation, customer, invitation.Token, invitation.Agent, SqlValue.Blob(invitation.Request), invitation.NotAfter) > 0;

    /// <inheritdoc/>
    public bool TryRedeem(Name customer, Digest token, DateTimeOffset now) => Session.Run(Texts.Redeem, customer, token, now) > 0;

    /// <inheritdoc/>
    public void PutGeneration(Name customer, GenerationRecord generation) => Session.Later(
        Texts.PutGeneration, customer, generation.Agent, generation.Boot, generation.Generation, generation.Suspended);

    /// <inheritdoc/>
    public void DeleteGeneration(Name customer, Name agent) => Session.Later(Texts.DeleteGeneration, customer, agent);

    /// <inheritdoc/>
    public void AddBlock(BlockRecord block) => Session.Later(
        Texts.AddBlock, block.Chain, block.Position, SqlValue.Blob(block.Block), block.Batch, (long)block.Index,
        SqlValue.Blob(block.Path));

    /// <inheritdoc/>
    public long AddBatch(ReadOnlySpan<byte> statement, ReadOnlySpan<byte> signature) =>
        Session.Query(Texts.AddBatch, SqlValue.Blob(statement.ToArray()), SqlValue.Blob(signature.ToArray()))[0].Int64(0);

    /// <inheritdoc/>
    public void Forget(DateTimeOffset now, int limit)
    {
        Session.Run(Texts.ForgetIdempotency, now, limit);
        Session.Run(Texts.ForgetInvitations, now - TimeSpan.FromHours(24), limit);
    }

    /// <summary>Notes what a customer's row was when it was locked.</summary>
    protected void Found(string customer, SqlRow? row) => _customers[customer] = row;

    /// <summary>Notes what the end of a chain was when it was locked.</summary>
    protected void FoundChain(string chain, SqlRow? row) => _chains[chain] = row;

    private static SqlRow? First(IReadOnlyList<SqlRow> rows) => rows is [var row, ..] ? row : null;

    private static SqlValue[] Columns(CustomerRecord customer) =>
    [
        customer.Customer, customer.Fence, customer.OwnerNode, customer.OwnerIncarnation, customer.LockGeneration,
        customer.LiftedGeneration, SqlValue.Blob(customer.SignedCustody.Statement), SqlValue.Blob(customer.SignedCustody.Signature),
        SqlValue.Blob(customer.SignedHead.Statement), SqlValue.Blob(customer.SignedHead.Signature), customer.RateMinute,
        (long)customer.RateCount, (long)customer.OpenHandOffs, (long)customer.OpenUses,
    ];

    private void ForgetLocked()
    {
        _customers.Clear();
        _chains.Clear();
    }
}
