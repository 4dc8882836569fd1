using Broker.CredentialZone.Integrity;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tree;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Sqlite;

/// <summary>The tables read on one connection.</summary>
internal class SqliteReader(SqliteConnectionHandle connection) : IZoneReader
{
    private const string HandOffColumns = "hand_off, agent, request, attempt, state, use_state, code, intent, released, updated, open";

    /// <summary>The connection.</summary>
    protected SqliteConnectionHandle Connection => connection;

    /// <inheritdoc/>
    public byte[]? Meta(string key)
    {
        using var q = connection.Use("SELECT value FROM meta WHERE key = ?").Bind(key);
        return q.Step() ? q.Bytes(0) : null;
    }

    /// <inheritdoc/>
    public CustomerRecord? Customer(Name customer)
    {
        using var q = connection.Use(
            """
            SELECT fence, owner_node, owner_incarnation, lock_generation, lifted_generation, custody, custody_signature, head,
                head_signature, rate_minute, rate_count, open_hand_offs, open_uses
            FROM customers WHERE customer = ?
            """).Bind(customer);
        if (!q.Step())
        {
            return null;
        }

        var (custody, head) = (new Signed(q.Bytes(5), q.Bytes(6)), new Signed(q.Bytes(7), q.Bytes(8)));
        try
        {
            return new CustomerRecord(
                customer, q.UInt64(0), q.Name(1), q.Digest(2), q.UInt64(3), q.UInt64(4),
                custody, Read<CustodyRecord>(custody, RefusalCode.CustodyAltered),
                head, Read<CustomerHead>(head, RefusalCode.HeadAltered), q.Int64(9), q.UInt32(10), q.UInt32(11), q.UInt32(12));
        }
        catch (AlteredException altered)
        {
            throw new AlteredException(altered.Code, altered.Detail) { Customer = customer };
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<Name> Customers(string after, int limit)
    {
        using var q = connection.Use("SELECT customer FROM customers WHERE customer > ? ORDER BY customer LIMIT ?").Bind(after).Bind(limit);
        var names = new List<Name>();
        while (q.Step())
        {
            names.Add(q.Name(0));
        }

        return names;
    }

    /// <inheritdoc/>
    public ChainState Chain(string chain)
    {
        using var q = connection.Use("SELECT length, hash, entered FROM chains WHERE chain = ?").Bind(chain);
        return q.Step() ? new ChainState(chain, q.UInt64(0), q.Digest(1), q.UInt64(2)) : new ChainState(chain, 0, Digest.Zero, 0);
    }

    /// <inheritdoc/>
    public IReadOnlyList<ChainState> GrownChains(int limit)
    {
        using var q = connection.Use(
            "SELECT chain, length, hash, entered FROM chains WHERE length > entered AND chain <> '' LIMIT ?").Bind(limit);
        var chains = new List<ChainState>();
        while (q.Step())
        {
            chains.Add(new ChainState(q.Text(0), q.UInt64(1), q.Digest(2), q.UInt64(3)));
        }

        return chains;
    }

    /// <inheritdoc/>
    public EntryRecord? Entry(Name customer, EntryKey key)
    {
        using var q = connection.Use("SELECT statement, signature FROM entries WHERE customer = ? AND type = ? AND id = ?")
            .Bind(customer).Bind(key.Type).Bind(key.Id);
        return q.Step() ? new EntryRecord(key, q.Bytes(0), q.Bytes(1)) : null;
    }

    /// <inheritdoc/>
    public IReadOnlyList<EntryRecord> Entries(Name customer, string type, string after, int limit)
    {
        using var q = connection.Use(
            "SELECT id, statement, signature FROM entries WHERE customer = ? AND type = ? AND id > ? ORDER BY id LIMIT ?")
            .Bind(customer).Bind(type).Bind(after).Bind(limit);
        var entries = new List<EntryRecord>();
        while (q.Step())
        {
            entries.Add(new EntryRecord(new EntryKey(type, q.Text(0)), q.Bytes(1), q.Bytes(2)));
        }

        return entries;
    }

    /// <inheritdoc/>
    public IReadOnlyList<EntryRecord> OldRows(Name customer, uint before, int skip, int limit)
    {
        using var q = connection.Use(
            """
            SELECT id, statement FROM entries WHERE customer = ? AND type = 'row' AND epoch < ? ORDER BY epoch, rowid LIMIT ? OFFSET ?
            """)
            .Bind(customer).Bind(before).Bind(limit).Bind(skip);
        var rows = new List<EntryRecord>();
        while (q.Step())
        {
            rows.Add(new EntryRecord(new EntryKey(EntryKey.RowType, q.Text(0)), q.Bytes(1), default));
        }

        return rows;
    }

    /// <inheritdoc/>
    public (ulong All, ulong Old) CountRows(Name customer, uint before)
    {
        // Each of the two reads a part of the index by epoch alone; asked for both at once, SQLite looks at each row.
        var old = Count("SELECT count(*) FROM entries WHERE type = 'row' AND customer = ? AND epoch < ?");
        return (old + Count("SELECT count(*) FROM entries WHERE type = 'row' AND customer = ? AND epoch >= ?"), old);

        ulong Count(string sql)
        {
            using var q = connection.Use(sql).Bind(customer).Bind(before);
            return q.Step() ? q.UInt64(0) : 0;
        }
    }

    /// <inheritdoc/>
    public ITreeNodes Nodes(Name customer) => new GroupedNodes(customer, new SqliteNodes(connection, customer));

    /// <inheritdoc/>
    public HandOffRecord? HandOff(Name customer, Id16 handOff)
    {
        using var q = connection.Use($"SELECT {HandOffColumns} FROM hand_offs WHERE customer = ? AND hand_off = ?")
            .Bind(customer).Bind(handOff);
        return q.Step() ? ReadHandOff(q, customer) : null;
    }

    /// <inheritdoc/>
    public IReadOnlyList<HandOffRecord> HandOffs(Name customer, bool openOnly, Id16? after, int limit)
    {
        const string All = $"SELECT {HandOffColumns} FROM hand_offs WHERE customer = ? AND hand_off > ? ORDER BY hand_off LIMIT ?";
        const string Open =
            $"SELECT {HandOffColumns} FROM hand_offs WHERE customer = ? AND hand_off > ? AND open = 1 ORDER BY hand_off LIMIT ?";
        using var q = connection.Use(openOnly ? Open : All).Bind(customer).Bind(after is { } id ? id.ToArray() : []).Bind(limit);
        var handOffs = new List<HandOffRecord>();
        while (q.Step())
        {
            handOffs.Add(ReadHandOff(q, customer));
        }

        return handOffs;
    }

    /// <inheritdoc/>
    public uint OpenHandOffs(Name customer)
    {
        using var q = connection.Use("SELECT count(*) FROM hand_offs WHERE customer = ? AND open = 1").Bind(customer);
        return q.Step() ? q.UInt32(0) : 0;
    }

    /// <inheritdoc/>
    public IdempotencyRecord? Idempotency(Name customer, Name user, Id16 key)
    {
        using var q = connection.Use(
            "SELECT body, hand_off, result, expires FROM idempotency WHERE customer = ? AND user = ? AND key = ?")
            .Bind(customer).Bind(user).Bind(key);
        return q.Step() ? new IdempotencyRecord(q.Digest(0), q.Id(1), q.UInt64(2), q.Time(3)) : null;
    }

    /// <inheritdoc/>
    public InvitationRecord? Invitation(Name customer, Digest token)
    {
        using var q = connection.Use("SELECT agent, request, not_after, redeemed FROM invitations WHERE customer = ? AND token = ?")
            .Bind(customer).Bind(token);
        return q.Step()
            ? InvitationCheck.Checked(customer, new InvitationRecord(token, q.Name(0), q.Bytes(1), q.Time(2), q.Int64(3) != 0))
            : null;
    }

    /// <inheritdoc/>
    public uint OpenInvitations(Name customer, DateTimeOffset now)
    {
        using var q = connection.Use("SELECT count(*) FROM invitations WHERE customer = ? AND redeemed = 0 AND not_after >= ?")
            .Bind(customer).Bind(now);
        return q.Step() ? q.UInt32(0) : 0;
    }

    /// <inheritdoc/>
    public GenerationRecord? Generation(Name customer, Name agent)
    {
        using var q = connection.Use("SELECT boot, generation, suspended FROM generations WHERE customer = ? AND agent = ?")
            .Bind(customer).Bind(agent);
        return q.Step() ? new GenerationRecord(agent, q.Id(0), q.UInt64(1), q.Int64(2) != 0) : null;
    }

    /// <inheritdoc/>
    public IReadOnlyList<BlockRecord> Blocks(string chain, ulong from, int limit)
    {
        using var q = connection.Use(
            "SELECT position, block, batch, place, path FROM blocks WHERE chain = ? AND position >= ? ORDER BY position LIMIT ?")
            .Bind(chain).Bind(from).Bind(limit);
        var blocks = new List<BlockRecord>();
        while (q.Step())
        {
            blocks.Add(new BlockRecord(chain, q.UInt64(0), q.Bytes(1), q.Int64(2), q.UInt32(3), q.Bytes(4)));
        }

        return blocks;
    }

    /// <inheritdoc/>
    public BatchRecord? Batch(long id)
    {
        using var q = connection.Use("SELECT statement, signature FROM batches WHERE id = ?").Bind(id);
        return q.Step() ? new BatchRecord(id, new Signed(q.Bytes(0), q.Bytes(1))) : null;
    }

    private static HandOffRecord ReadHandOff(in SqliteCursor q, Name customer)
    {
        var record = new HandOffRecord(
            q.Id(0), q.Name(1), q.Digest(2), q.UInt32(3), q.Text(4), q.Text(5), q.Text(6), q.UInt64(7), q.Time(8), q.Time(9));
        return record.IsOpen == (q.Int64(10) != 0)
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
