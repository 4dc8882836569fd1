using Broker.CredentialZone.Relational;

namespace Broker.CredentialZone.Postgres;

/// <summary>The statements that are PostgreSQL's own.</summary>
internal static class PostgresTexts
{
    /// <summary>Customers of an array of names, locked in the order of their names.</summary>
    public const string LockCustomers =
        $"SELECT {SqlTexts.CustomerColumns} FROM customers WHERE customer = ANY ($1) ORDER BY customer FOR UPDATE";

    /// <summary>Ends of chains of an array of names, locked in the order of their names.</summary>
    public const string LockChains =
        $"SELECT {SqlTexts.ChainColumns} FROM chains WHERE chain = ANY ($1) ORDER BY chain FOR UPDATE";

    /// <summary>All of them.</summary>
    public static SqlTexts All { get; } = new()
    {
        Size = "SELECT pg_database_size(current_database())",
        MetaHeld = "SELECT value FROM meta WHERE name = $1 FOR SHARE",
        PutMeta = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        CustomerHeld = $"SELECT {SqlTexts.CustomerColumns} FROM customers WHERE customer = $1 FOR UPDATE",
        ChainHeld = $"SELECT {SqlTexts.ChainColumns} FROM chains WHERE chain = $1 FOR UPDATE",
        PutNode =
            "INSERT INTO nodes (customer, position, node) VALUES ($1, $2, $3) " +
            "ON CONFLICT (customer, position) DO UPDATE SET node = excluded.node",
        PutChain =
            "INSERT INTO chains (chain, length, hash, entered) VALUES ($1, $2, $3, $4) " +
            "ON CONFLICT (chain) DO UPDATE SET length = excluded.length, hash = excluded.hash, entered = excluded.entered",
        PutEntry =
            "INSERT INTO entries (customer, type, id, statement, signature, epoch) VALUES ($1, $2, $3, $4, $5, $6) " +
            "ON CONFLICT (customer, type, id) DO UPDATE SET statement = excluded.statement, signature = excluded.signature, " +
            "epoch = excluded.epoch",
        AddHandOff =
            "INSERT INTO hand_offs (customer, hand_off, agent, request, attempt, state, use_state, code, intent, released, updated, " +
            "is_open) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING",
        AddIdempotency =
            "INSERT INTO idempotency (customer, user_name, request_key, body, hand_off, result, expires) " +
            "VALUES ($1, $2, $3, $4, $5, $6, $7) " +
            "ON CONFLICT (customer, user_name, request_key) DO UPDATE SET body = excluded.body, hand_off = excluded.hand_off, " +
            "result = excluded.result, expires = excluded.expires WHERE idempotency.expires < $8",
        AddInvitation =
            "INSERT INTO invitations (customer, token, agent, request, not_after, redeemed) VALUES ($1, $2, $3, $4, $5, 0) " +
            "ON CONFLICT DO NOTHING",
        PutGeneration =
            "INSERT INTO generations (customer, agent, boot, generation, suspended) VALUES ($1, $2, $3, $4, $5) " +
            "ON CONFLICT (customer, agent) DO UPDATE SET boot = excluded.boot, generation = excluded.generation, " +
            "suspended = excluded.suspended",
        AddBatch = "INSERT INTO batches (statement, signature) VALUES ($1, $2) RETURNING id",

        // What another node removes just now, or uses, is left to it.
        ForgetIdempotency =
            "DELETE FROM idempotency WHERE (customer, user_name, request_key) IN " +
            "(SELECT customer, user_name, request_key FROM idempotency WHERE expires < $1 ORDER BY expires LIMIT $2 " +
            "FOR UPDATE SKIP LOCKED)",
        ForgetInvitations =
            "DELETE FROM invitations WHERE (customer, token) IN " +
            "(SELECT customer, token FROM invitations WHERE not_after < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
    };
}
