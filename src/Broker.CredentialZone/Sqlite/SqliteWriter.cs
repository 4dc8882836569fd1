using Broker.CredentialZone.Store;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Sqlite;

/// <summary>The tables written on the one writing connection.</summary>
/// <param name="connection">The connection.</param>
/// <param name="path">The database file, to see what its disk has left.</param>
internal sealed class SqliteWriter(SqliteConnectionHandle connection, string path) : SqliteReader(connection), IZoneWriter
{
    private readonly DriveInfo _drive = new(Path.GetDirectoryName(Path.GetFullPath(path))!);

    // Where the rows of the customer begin that was written last.
    private (Name Customer, long Place)? _rows;

    /// <inheritdoc/>
    public bool InTransaction => Connection.InTransaction;

    /// <inheritdoc/>
    public long FreeBytes
    {
        get
        {
            var page = Number("PRAGMA page_size");
            var pages = Number("PRAGMA max_page_count") - Number("PRAGMA page_count") + Number("PRAGMA freelist_count");
            return Math.Min(pages * page, _drive.AvailableFreeSpace);
        }
    }

    /// <inheritdoc/>
    public void Begin() => Connection.Run("BEGIN IMMEDIATE");

    /// <inheritdoc/>
    public void Commit()
    {
        try
        {
            Connection.Run("COMMIT");
        }
        catch (StoreException fault) when (fault is not StoreFullException && !Connection.InTransaction)
        {
            // The transaction is over and SQLite reports an error: the log may hold the commit or not.
            throw new UnknownCommitException("the end of the commit is not known", fault);
        }
    }

    /// <inheritdoc/>
    public void Rollback()
    {
        if (Connection.InTransaction)
        {
            Connection.Run("ROLLBACK");
        }
    }

    /// <inheritdoc/>
    public void Savepoint() => Connection.Run("SAVEPOINT operation");

    /// <inheritdoc/>
    public void ReleaseSavepoint() => Connection.Run("RELEASE operation");

    /// <inheritdoc/>
    public void RollbackToSavepoint()
    {
        Connection.Run("ROLLBACK TO operation");
        Connection.Run("RELEASE operation");
    }

    /// <inheritdoc/>
    public void SetMeta(string key, ReadOnlySpan<byte> value)
    {
        using var q = Connection.Use("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)").Bind(key).Bind(value);
        q.Run();
    }

    /// <inheritdoc/>
    public void PutCustomer(CustomerRecord customer)
    {
        using var q = Connection.Use(
            """
            INSERT INTO customers (customer, fence, owner_node, owner_incarnation, lock_generation, lifted_generation, custody,
                custody_signature, head, head_signature, rate_minute, rate_count, open_hand_offs, open_uses)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (customer) DO UPDATE SET fence = excluded.fence, owner_node = excluded.owner_node,
                owner_incarnation = excluded.owner_incarnation, lock_generation = excluded.lock_generation,
                lifted_generation = excluded.lifted_generation, custody = excluded.custody,
                custody_signature = excluded.custody_signature, head = excluded.head, head_signature = excluded.head_signature,
                rate_minute = excluded.rate_minute, rate_count = excluded.rate_count, open_hand_offs = excluded.open_hand_offs,
                open_uses = excluded.open_uses
            """)
            .Bind(customer.Customer).Bind(customer.Fence).Bind(customer.OwnerNode).Bind(customer.OwnerIncarnation)
            .Bind(customer.LockGeneration).Bind(customer.LiftedGeneration)
            .Bind(customer.SignedCustody.Statement.Span).Bind(customer.SignedCustody.Signature.Span)
            .Bind(customer.SignedHead.Statement.Span).Bind(customer.SignedHead.Signature.Span)
            .Bind(customer.RateMinute).Bind(customer.RateCount).Bind(customer.OpenHandOffs).Bind(customer.OpenUses);
        q.Run();
    }

    /// <inheritdoc/>
    public void PutChain(ChainState chain)
    {
        using var q = Connection.Use("INSERT OR REPLACE INTO chains (chain, length, hash, entered) VALUES (?, ?, ?, ?)")
            .Bind(chain.Chain).Bind(chain.Length).Bind(chain.Hash).Bind(chain.Entered);
        q.Run();
    }

    /// <inheritdoc/>
    public void PutEntry(Name customer, EntryRecord entry)
    {
        if (entry.Epoch is { } epoch)
        {
            PutRow(customer, entry, epoch);
            return;
        }

        using var q = Connection.Use(
            """
            INSERT INTO entries (customer, type, id, statement, signature) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (customer, type, id) DO UPDATE SET statement = excluded.statement, signature = excluded.signature
            """)
            .Bind(customer).Bind(entry.Key.Type).Bind(entry.Key.Id).Bind(entry.Statement.Span).BindOrNull(entry.Signature.Span);
        q.Run();
    }

    private void PutRow(Name customer, EntryRecord row, uint epoch)
    {
        // To look where it must be spares the index by name, in which the rows of a rotation lie anywhere.
        if (_rows?.Customer != customer)
        {
            _rows = (customer, SqlitePlace.Of(customer));
        }

        var place = SqlitePlace.Of(_rows!.Value.Place, row.LeafKey);
        using var update = Connection.Use(
            "UPDATE entries SET statement = ?, epoch = ? WHERE rowid = ? AND customer = ? AND type = 'row' AND id = ?")
            .Bind(row.Statement.Span).Bind((long)epoch).Bind(place).Bind(customer).Bind(row.Key.Id);
        if (update.Run() > 0)
        {
            return;
        }

        using var insert = Connection.Use(
            "INSERT INTO entries (rowid, customer, type, id, statement, epoch) VALUES (?, ?, 'row', ?, ?, ?) ON CONFLICT DO NOTHING")
            .Bind(place).Bind(customer).Bind(row.Key.Id).Bind(row.Statement.Span).Bind((long)epoch);
        if (insert.Run() > 0)
        {
            return;
        }

        using var elsewhere = Connection.Use(
            "UPDATE entries SET statement = ?, epoch = ? WHERE customer = ? AND type = 'row' AND id = ?")
            .Bind(row.Statement.Span).Bind((long)epoch).Bind(customer).Bind(row.Key.Id);
        if (elsewhere.Run() > 0)
        {
            return;
        }

        // Another row has the place; then this one stands wherever it is.
        using var anywhere = Connection.Use(
            "INSERT INTO entries (customer, type, id, statement, epoch) VALUES (?, 'row', ?, ?, ?)")
            .Bind(customer).Bind(row.Key.Id).Bind(row.Statement.Span).Bind((long)epoch);
        anywhere.Run();
    }

    /// <inheritdoc/>
    public void DeleteEntry(Name customer, EntryKey key)
    {
        using var q = Connection.Use("DELETE FROM entries WHERE customer = ? AND type = ? AND id = ?")
            .Bind(customer).Bind(key.Type).Bind(key.Id);
        q.Run();
    }

    /// <inheritdoc/>
    public bool TryAddHandOff(Name customer, HandOffRecord handOff)
    {
        using var q = Connection.Use(
            """
            INSERT INTO hand_offs
                (customer, hand_off, agent, request, attempt, state, use_state, code, intent, released, updated, open)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
            """)
            .Bind(customer).Bind(handOff.HandOff).Bind(handOff.Agent).Bind(handOff.Request).Bind(handOff.Attempt)
            .Bind(handOff.State).Bind(handOff.UseState).Bind(handOff.Code).Bind(handOff.Intent)
            .Bind(handOff.Released).Bind(handOff.Updated).Bind(handOff.IsOpen ? 1L : 0L);
        return q.Run() > 0;
    }

    /// <inheritdoc/>
    public void UpdateHandOff(Name customer, HandOffRecord handOff)
    {
        using var q = Connection.Use(
            """
            UPDATE hand_offs SET attempt = ?, state = ?, use_state = ?, code = ?, updated = ?, open = ?
            WHERE customer = ? AND hand_off = ?
            """)
            .Bind(handOff.Attempt).Bind(handOff.State).Bind(handOff.UseState).Bind(handOff.Code).Bind(handOff.Updated)
            .Bind(handOff.IsOpen ? 1L : 0L).Bind(customer).Bind(handOff.HandOff);
        q.Run();
    }

    /// <inheritdoc/>
    public bool TryAddIdempotency(Name customer, Name user, Id16 key, IdempotencyRecord record, DateTimeOffset now)
    {
        using var q = Connection.Use(
            """
            INSERT INTO idempotency (customer, user, key, body, hand_off, result, expires) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (customer, user, key) DO UPDATE SET body = excluded.body, hand_off = excluded.hand_off,
                result = excluded.result, expires = excluded.expires
            WHERE expires < ?
            """)
            .Bind(customer).Bind(user).Bind(key).Bind(record.Body).Bind(record.HandOff).Bind(record.Result).Bind(record.Expires).Bind(now);
        return q.Run() > 0;
    }

    /// <inheritdoc/>
    public bool TryAddInvitation(Name customer, InvitationRecord invitation)
    {
        using var q = Connection.Use(
            """
            INSERT INTO invitations (customer, token, agent, request, not_after, redeemed) VALUES (?, ?, ?, ?, ?, 0)
            ON CONFLICT DO NOTHING
            """)
            .Bind(customer).Bind(invitation.Token).Bind(invitation.Agent).Bind(invitation.Request.Span).Bind(invitation.NotAfter);
        return q.Run() > 0;
    }

    /// <inheritdoc/>
    public bool TryRedeem(Name customer, Digest token, DateTimeOffset now)
    {
        using var q = Connection.Use(
            "UPDATE invitations SET redeemed = 1 WHERE customer = ? AND token = ? AND redeemed = 0 AND not_after >= ?")
            .Bind(customer).Bind(token).Bind(now);
        return q.Run() > 0;
    }

    /// <inheritdoc/>
    public void PutGeneration(Name customer, GenerationRecord generation)
    {
        using var q = Connection.Use(
            "INSERT OR REPLACE INTO generations (customer, agent, boot, generation, suspended) VALUES (?, ?, ?, ?, ?)")
            .Bind(customer).Bind(generation.Agent).Bind(generation.Boot).Bind(generation.Generation)
            .Bind(generation.Suspended ? 1L : 0L);
        q.Run();
    }

    /// <inheritdoc/>
    public void DeleteGeneration(Name customer, Name agent)
    {
        using var q = Connection.Use("DELETE FROM generations WHERE customer = ? AND agent = ?").Bind(customer).Bind(agent);
        q.Run();
    }

    /// <inheritdoc/>
    public void AddBlock(BlockRecord block)
    {
        using var q = Connection.Use("INSERT INTO blocks (chain, position, block, batch, place, path) VALUES (?, ?, ?, ?, ?, ?)")
            .Bind(block.Chain).Bind(block.Position).Bind(block.Block.Span).Bind(block.Batch).Bind(block.Index).Bind(block.Path.Span);
        q.Run();
    }

    /// <inheritdoc/>
    public long AddBatch(ReadOnlySpan<byte> statement, ReadOnlySpan<byte> signature)
    {
        using var q = Connection.Use("INSERT INTO batches (statement, signature) VALUES (?, ?)").Bind(statement).Bind(signature);
        q.Run();
        return Connection.LastInsertId;
    }

    /// <inheritdoc/>
    public void Forget(DateTimeOffset now, int limit)
    {
        using var keys = Connection.Use(
            """
            DELETE FROM idempotency WHERE (customer, user, key) IN
                (SELECT customer, user, key FROM idempotency WHERE expires < ? ORDER BY expires LIMIT ?)
            """).Bind(now).Bind(limit);
        keys.Run();
        using var invitations = Connection.Use(
            """
            DELETE FROM invitations WHERE (customer, token) IN
                (SELECT customer, token FROM invitations WHERE not_after < ? LIMIT ?)
            """).Bind(now - TimeSpan.FromHours(24)).Bind(limit);
        invitations.Run();
    }

    private long Number(string pragma)
    {
        using var q = Connection.Use(pragma);
        return q.Step() ? q.Int64(0) : 0;
    }
}
