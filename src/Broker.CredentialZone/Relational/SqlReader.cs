using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Relational;

/// <summary>The tables of a database server, read in the transaction of one session.</summary>
internal class SqlReader(ISqlSession session, SqlTexts texts) : IZoneReader
{
    /// <summary>The session.</summary>
    protected ISqlSession Session => session;

    /// <summary>The statements.</summary>
    protected SqlTexts Texts => texts;

    /// <inheritdoc/>
    public virtual byte[]? Meta(string key) => session.Query(texts.Meta, key) is [var row, ..] ? row.Bytes(0) : null;

    /// <inheritdoc/>
    public virtual CustomerRecord? Customer(Name customer) =>
        session.Query(texts.Customer, customer) is [var row, ..] ? ReadCustomer(row, customer) : null;

    /// <inheritdoc/>
    public IReadOnlyList<Name> Customers(string after, int limit) =>
        [.. session.Query(texts.Customers, after, limit).Select(static row => row.Name(0))];

    /// <inheritdoc/>
    public virtual ChainState Chain(string chain) =>
        ReadChain(session.Query(texts.Chain, chain) is [var row, ..] ? row : null, chain);

    /// <inheritdoc/>
    public IReadOnlyList<ChainState> GrownChains(int limit) => [.. session.Query(texts.GrownChains, limit).Select(ReadChain)];

    /// <inheritdoc/>
    public EntryRecord? Entry(Name customer, EntryKey key)
    {
        Enter(customer);
        return session.Query(texts.Entry, customer, key.Type, key.Id) is [var row, ..]
            ? new EntryRecord(key, row.Bytes(0), row.Bytes(1)) : null;
    }

    /// <inheritdoc/>
    public IReadOnlyList<EntryRecord> Entries(Name customer, string type, string after, int limit)
    {
        Enter(customer);
        return [.. session.Query(texts.Entries, customer, type, after, limit)
            .Select(row => new EntryRecord(new EntryKey(type, row.Text(0)), row.Bytes(1), row.Bytes(2)))];
    }

    /// <inheritdoc/>
    public IReadOnlyList<EntryRecord> OldRows(Name customer, uint before, int skip, int limit)
    {
        Enter(customer);
        return [.. session.Query(texts.OldRows, customer, (long)before, skip, limit)
            .Select(static row => new EntryRecord(new EntryKey(EntryKey.RowType, row.Text(0)), row.Bytes(1), default))];
    }

    /// <inheritdoc/>
    public (ulong All, ulong Old) CountRows(Name customer, uint before)
    {
        Enter(customer);
        return session.Query(texts.CountRows, (long)before, customer) is [var row, ..] ? (row.UInt64(0), row.UInt64(1)) : (0, 0);
    }

    /// <inheritdoc/>
    public ITreeNodes Nodes(Name customer)
    {
        Enter(customer);
        return new GroupedNodes(customer, new SqlNodes(session, texts, customer));
    }

    /// <inheritdoc/>
    public HandOffRecord? HandOff(Name customer, Id16 handOff)
    {
        Enter(customer);
        return session.Query(texts.HandOff, customer, handOff) is [var row, ..] ? ReadHandOff(row, customer) : null;
    }

    /// <inheritdoc/>
    public IReadOnlyList<HandOffRecord> HandOffs(Name customer, bool openOnly, Id16? after, int limit)
    {
        Enter(customer);
        var from = SqlValue.Bytes(after is { } id ? id.ToArray() : []);
        return [.. session.Query(openOnly ? texts.HandOffsOpen : texts.HandOffs, customer, from, limit)
            .Select(row => ReadHandOff(row, customer))];
    }

    /// <inheritdoc/>
    public uint OpenHandOffs(Name customer)
    {
        Enter(customer);
        return session.Query(texts.OpenHandOffs, customer) is [var row, ..] ? row.UInt32(0) : 0;
    }

    /// <inheritdoc/>
    public IdempotencyRecord? Idempotency(Name customer, Name user, Id16 key)
    {
        Enter(customer);
        return session.Query(texts.Idempotency, customer, user, key) is [var row, ..]
            ? new IdempotencyRecord(row.Digest(0), row.Id(1), row.UInt64(2), row.Time(3)) : null;
    }

    /// <inheritdoc/>
    public InvitationRecord? Invitation(Name customer, Digest token)
    {
        Enter(customer);
        return session.Query(texts.Invitation, customer, token) is [var row, ..]
            ? InvitationCheck.Checked(customer, new InvitationRecord(token, row.Name(0), row.Bytes(1), row.Time(2), row.Truth(3))) : null;
    }

    /// <inheritdoc/>
    public uint OpenInvitations(Name customer, DateTimeOffset now)
    {
        Enter(customer);
        return session.Query(texts.OpenInvitations, customer, now) is [var row, ..] ? row.UInt32(0) : 0;
    }

    /// <inheritdoc/>
    public GenerationRecord? Generation(Name customer, Name agent)
    {
        Enter(customer);
        return session.Query(texts.Generation, customer, agent) is [var row, ..]
            ? new GenerationRecord(agent, row.Id(0), row.UInt64(1), row.Truth(2)) : null;
    }

    /// <inheritdoc/>
    public IReadOnlyList<BlockRecord> Blocks(string chain, ulong from, int limit) =>
        [.. session.Query(texts.Blocks, chain, from, limit).Select(row =>
            new BlockRecord(chain, row.UInt64(0), row.Bytes(1), row.Int64(2), row.UInt32(3), row.Bytes(4)))];

    /// <inheritdoc/>
    public BatchRecord? Batch(long id) => session.Query(texts.Batch, id) is [var row, ..]
        ? new BatchRecord(id, new Signed(row.Bytes(0), row.Bytes(1))) : null;

    /// <summary>Called before something of a customer is read: where there is no snapshot, what belongs together is held here.</summary>
    protected virtual void Enter(Name customer)
    {
    }

    /// <summary>Reads a customer from its columns.</summary>
    protected static CustomerRecord ReadCustomer(SqlRow row, Name customer)
    {
        try
        {
            var (custody, head) = (new Signed(row.Bytes(6), row.Bytes(7)), new Signed(row.Bytes(8), row.Bytes(9)));
            return new CustomerRecord(
                customer, row.UInt64(1), row.Name(2), row.Digest(3), row.UInt64(4), row.UInt64(5),
                custody, Read<CustodyRecord>(custody, RefusalCode.CustodyAltered),
                head, Read<CustomerHead>(head, RefusalCode.HeadAltered), row.Int64(10), row.UInt32(11), row.UInt32(12), row.UInt32(13));
        }
        catch (AlteredException altered)
        {
            throw new AlteredException(altered.Code, altered.Detail) { Customer = customer };
        }
    }

    /// <summary>Reads the end of a chain; an empty one where there is no row.</summary>
    protected static ChainState ReadChain(SqlRow? row, string chain) =>
        row is null ? new ChainState(chain, 0, Digest.Zero, 0) : ReadChain(row);

    private static ChainState ReadChain(SqlRow row) => new(row.Text(0), row.UInt64(1), row.Digest(2), row.UInt64(3));

    private static HandOffRecord ReadHandOff(SqlRow row, Name customer)
    {
        var record = new HandOffRecord(
            row.Id(0), row.Name(1), row.Digest(2), row.UInt32(3), row.Text(4), row.Text(5), row.Text(6), row.UInt64(7), row.Time(8),
            row.Time(9));
        return record.IsOpen == row.Truth(10)
            ? record
            : throw JournalCheck.Altered(customer, "a hand-off is open, and does not count as open, or the other way");
    }

    private static T Read<T>(Signed signed, string code)
        where T : IStatement<T>
    {
        try
        {
            return signed.Read<T>();
        }
        catch (MalformedException)
        {
            throw new AlteredException(code, "a stored statement is not one");
        }
    }
}
