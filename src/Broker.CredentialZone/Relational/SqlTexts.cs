namespace Broker.CredentialZone.Relational;

/// <summary>
/// The statements. What stands here is standard SQL that PostgreSQL and SQL Server both take; where they differ, each brings its own.
/// </summary>
internal sealed record SqlTexts
{
    /// <summary>The columns of a customer, in the order in which they are read.</summary>
    public const string CustomerColumns =
        "customer, fence, owner_node, owner_incarnation, lock_generation, lifted_generation, custody, custody_signature, head, " +
        "head_signature, rate_minute, rate_count, open_hand_offs, open_uses";

    /// <summary>The columns of a chain's end.</summary>
    public const string ChainColumns = "chain, length, hash, entered";

    private const string HandOffColumns =
        "hand_off, agent, request, attempt, state, use_state, code, intent, released, updated, is_open";

    /// <summary>Bytes that the database takes.</summary>
    public required string Size { get; init; }

    /// <summary>A setting.</summary>
    public string Meta { get; init; } = "SELECT value FROM meta WHERE name = $1";

    /// <summary>A setting, which nobody changes until the transaction ends.</summary>
    public required string MetaHeld { get; init; }

    /// <summary>Inserts or replaces a setting.</summary>
    public required string PutMeta { get; init; }

    /// <summary>A customer.</summary>
    public string Customer { get; init; } = $"SELECT {CustomerColumns} FROM customers WHERE customer = $1";

    /// <summary>A customer, locked until the transaction ends.</summary>
    public required string CustomerHeld { get; init; }

    /// <summary>Names of customers.</summary>
    public string Customers { get; init; } =
        "SELECT customer FROM customers WHERE customer > $1 ORDER BY customer OFFSET 0 ROWS FETCH NEXT $2 ROWS ONLY";

    /// <summary>The end of a chain.</summary>
    public string Chain { get; init; } = $"SELECT {ChainColumns} FROM chains WHERE chain = $1";

    /// <summary>The end of a chain, locked until the transaction ends.</summary>
    public required string ChainHeld { get; init; }

    /// <summary>Chains that grew.</summary>
    public string GrownChains { get; init; } =
        $"SELECT {ChainColumns} FROM chains WHERE length > entered AND chain <> '' " +
        "ORDER BY chain OFFSET 0 ROWS FETCH NEXT $1 ROWS ONLY";

    /// <summary>An entry.</summary>
    public string Entry { get; init; } = "SELECT statement, signature FROM entries WHERE customer = $1 AND type = $2 AND id = $3";

    /// <summary>Entries of a type.</summary>
    public string Entries { get; init; } =
        "SELECT id, statement, signature FROM entries WHERE customer = $1 AND type = $2 AND id > $3 " +
        "ORDER BY id OFFSET 0 ROWS FETCH NEXT $4 ROWS ONLY";

    /// <summary>Rows of earlier epochs.</summary>
    public string OldRows { get; init; } =
        "SELECT id, statement FROM entries WHERE customer = $1 AND type = 'row' AND epoch < $2 " +
        "ORDER BY epoch, id OFFSET $3 ROWS FETCH NEXT $4 ROWS ONLY";

    /// <summary>Counts of rows.</summary>
    public string CountRows { get; init; } =
        "SELECT count(*), coalesce(sum(CASE WHEN epoch < $1 THEN 1 ELSE 0 END), 0) FROM entries WHERE type = 'row' AND customer = $2";

    /// <summary>A node of a tree.</summary>
    public string Node { get; init; } = "SELECT node FROM nodes WHERE customer = $1 AND position = $2";

    /// <summary>Removes a node.</summary>
    public string DeleteNode { get; init; } = "DELETE FROM nodes WHERE customer = $1 AND position = $2";

    /// <summary>Inserts or replaces a node.</summary>
    public required string PutNode { get; init; }

    /// <summary>A hand-off.</summary>
    public string HandOff { get; init; } = $"SELECT {HandOffColumns} FROM hand_offs WHERE customer = $1 AND hand_off = $2";

    /// <summary>Hand-offs.</summary>
    public string HandOffs { get; init; } =
        $"SELECT {HandOffColumns} FROM hand_offs WHERE customer = $1 AND hand_off > $2 " +
        "ORDER BY hand_off OFFSET 0 ROWS FETCH NEXT $3 ROWS ONLY";

    /// <summary>Open hand-offs.</summary>
    public string HandOffsOpen { get; init; } =
        $"SELECT {HandOffColumns} FROM hand_offs WHERE customer = $1 AND hand_off > $2 AND is_open = 1 " +
        "ORDER BY hand_off OFFSET 0 ROWS FETCH NEXT $3 ROWS ONLY";

    /// <summary>Counts open hand-offs.</summary>
    public string OpenHandOffs { get; init; } = "SELECT count(*) FROM hand_offs WHERE customer = $1 AND is_open = 1";

    /// <summary>An idempotency key.</summary>
    public string Idempotency { get; init; } =
        "SELECT body, hand_off, result, expires FROM idempotency WHERE customer = $1 AND user_name = $2 AND request_key = $3";

    /// <summary>An invitation.</summary>
    public string Invitation { get; init; } =
        "SELECT agent, request, not_after, redeemed FROM invitations WHERE customer = $1 AND token = $2";

    /// <summary>Counts open invitations.</summary>
    public string OpenInvitations { get; init; } =
        "SELECT count(*) FROM invitations WHERE customer = $1 AND redeemed = 0 AND not_after >= $2";

    /// <summary>An agent's generation.</summary>
    public string Generation { get; init; } =
        "SELECT boot, generation, suspended FROM generations WHERE customer = $1 AND agent = $2";

    /// <summary>Blocks of a chain.</summary>
    public string Blocks { get; init; } =
        "SELECT position, block, batch, place, path FROM blocks WHERE chain = $1 AND position >= $2 " +
        "ORDER BY position OFFSET 0 ROWS FETCH NEXT $3 ROWS ONLY";

    /// <summary>A batch.</summary>
    public string Batch { get; init; } = "SELECT statement, signature FROM batches WHERE id = $1";

    /// <summary>Inserts a customer.</summary>
    public string AddCustomer { get; init; } =
        $"INSERT INTO customers ({CustomerColumns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

    /// <summary>Replaces a customer.</summary>
    public string PutCustomer { get; init; } =
        "UPDATE customers SET fence = $2, owner_node = $3, owner_incarnation = $4, lock_generation = $5, lifted_generation = $6, " +
        "custody = $7, custody_signature = $8, head = $9, head_signature = $10, rate_minute = $11, rate_count = $12, " +
        "open_hand_offs = $13, open_uses = $14 WHERE customer = $1";

    /// <summary>Inserts or replaces the end of a chain.</summary>
    public required string PutChain { get; init; }

    /// <summary>Inserts or replaces an entry.</summary>
    public required string PutEntry { get; init; }

    /// <summary>Removes an entry.</summary>
    public string DeleteEntry { get; init; } = "DELETE FROM entries WHERE customer = $1 AND type = $2 AND id = $3";

    /// <summary>Inserts a hand-off unless it is there.</summary>
    public required string AddHandOff { get; init; }

    /// <summary>Replaces what changes of a hand-off.</summary>
    public string PutHandOff { get; init; } =
        "UPDATE hand_offs SET attempt = $1, state = $2, use_state = $3, code = $4, updated = $5, is_open = $6 " +
        "WHERE customer = $7 AND hand_off = $8";

    /// <summary>Inserts an idempotency key, or replaces one that has expired.</summary>
    public required string AddIdempotency { get; init; }

    /// <summary>Inserts an invitation unless it is there.</summary>
    public required string AddInvitation { get; init; }

    /// <summary>Redeems an invitation that is open.</summary>
    public string Redeem { get; init; } =
        "UPDATE invitations SET redeemed = 1 WHERE customer = $1 AND token = $2 AND redeemed = 0 AND not_after >= $3";

    /// <summary>Inserts or replaces a generation.</summary>
    public required string PutGeneration { get; init; }

    /// <summary>Removes a generation.</summary>
    public string DeleteGeneration { get; init; } = "DELETE FROM generations WHERE customer = $1 AND agent = $2";

    /// <summary>Inserts a block.</summary>
    public string AddBlock { get; init; } =
        "INSERT INTO blocks (chain, position, block, batch, place, path) VALUES ($1, $2, $3, $4, $5, $6)";

    /// <summary>Inserts a batch and returns its number.</summary>
    public required string AddBatch { get; init; }

    /// <summary>Removes idempotency keys that expired before, some at a time.</summary>
    public required string ForgetIdempotency { get; init; }

    /// <summary>Removes invitations that ended before, some at a time.</summary>
    public required string ForgetInvitations { get; init; }

    /// <summary>Every statement, for the tests of what they may contain.</summary>
    public IEnumerable<string> All => typeof(SqlTexts).GetProperties()
        .Where(static p => p.PropertyType == typeof(string)).Select(p => (string)p.GetValue(this)!);
}
