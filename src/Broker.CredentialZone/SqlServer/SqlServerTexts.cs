using Broker.CredentialZone.Relational;

namespace Broker.CredentialZone.SqlServer;

/// <summary>
/// The statements that are SQL Server's own. Writers take exclusive locks where they read first, readers hold shared ones on the customer
/// or chain whose parts they read: that is right under READ COMMITTED with locks and with row versions alike, since a statement with
/// such a hint reads what is committed and locks it either way. An insertion that replaces is an update first, under the customer's lock.
/// </summary>
internal static class SqlServerTexts
{
    private const string Held = "WITH (XLOCK, ROWLOCK)";
    private const string Kept = "WITH (REPEATABLEREAD, ROWLOCK)";

    /// <summary>A customer, which nobody writes until the transaction ends.</summary>
    public const string CustomerKept = $"SELECT {SqlTexts.CustomerColumns} FROM customers {Kept} WHERE customer = $1";

    /// <summary>The end of a chain, which nobody writes until the transaction ends.</summary>
    public const string ChainKept = $"SELECT {SqlTexts.ChainColumns} FROM chains {Kept} WHERE chain = $1";

    /// <summary>All of them.</summary>
    public static SqlTexts All { get; } = new()
    {
        Size = "SELECT SUM(CAST(FILEPROPERTY(name, 'SpaceUsed') AS bigint)) * 8192 FROM sys.database_files WHERE type = 0",
        MetaHeld = $"SELECT value FROM meta {Kept} WHERE name = $1",
        PutMeta = "UPDATE meta SET value = $2 WHERE name = $1; " +
            "IF @@ROWCOUNT = 0 INSERT INTO meta (name, value) VALUES ($1, $2)",
        CustomerHeld = $"SELECT {SqlTexts.CustomerColumns} FROM customers {Held} WHERE customer = $1",
        ChainHeld = $"SELECT {SqlTexts.ChainColumns} FROM chains {Held} WHERE chain = $1",
        PutNode = "UPDATE nodes SET node = $3 WHERE customer = $1 AND position = $2; " +
            "IF @@ROWCOUNT = 0 INSERT INTO nodes (customer, position, node) VALUES ($1, $2, $3)",
        PutChain = "UPDATE chains SET length = $2, hash = $3, entered = $4 WHERE chain = $1; " +
            "IF @@ROWCOUNT = 0 INSERT INTO chains (chain, length, hash, entered) VALUES ($1, $2, $3, $4)",
        PutEntry =
            "UPDATE entries SET statement = $4, signature = $5, epoch = $6 WHERE customer = $1 AND type = $2 AND id = $3; " +
            "IF @@ROWCOUNT = 0 INSERT INTO entries (customer, type, id, statement, signature, epoch) VALUES ($1, $2, $3, $4, $5, $6)",
        AddHandOff =
            "INSERT INTO hand_offs (customer, hand_off, agent, request, attempt, state, use_state, code, intent, released, updated, " +
            "is_open) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 " +
            "WHERE NOT EXISTS (SELECT 1 FROM hand_offs WHERE customer = $1 AND hand_off = $2)",
        AddIdempotency =
            "UPDATE idempotency SET body = $4, hand_off = $5, result = $6, expires = $7 " +
            "WHERE customer = $1 AND user_name = $2 AND request_key = $3 AND expires < $8; " +
            "IF @@ROWCOUNT = 0 INSERT INTO idempotency (customer, user_name, request_key, body, hand_off, result, expires) " +
            "SELECT $1, $2, $3, $4, $5, $6, $7 " +
            "WHERE NOT EXISTS (SELECT 1 FROM idempotency WHERE customer = $1 AND user_name = $2 AND request_key = $3)",
        AddInvitation =
            "INSERT INTO invitations (customer, token, agent, request, not_after, redeemed) SELECT $1, $2, $3, $4, $5, 0 " +
            "WHERE NOT EXISTS (SELECT 1 FROM invitations WHERE customer = $1 AND token = $2)",
        PutGeneration =
            "UPDATE generations SET boot = $3, generation = $4, suspended = $5 WHERE customer = $1 AND agent = $2; " +
            "IF @@ROWCOUNT = 0 INSERT INTO generations (customer, agent, boot, generation, suspended) VALUES ($1, $2, $3, $4, $5)",
        AddBatch = "INSERT INTO batches (statement, signature) OUTPUT INSERTED.id VALUES ($1, $2)",
        ForgetIdempotency = "DELETE TOP ($2) FROM idempotency WHERE expires < $1",
        ForgetInvitations = "DELETE TOP ($2) FROM invitations WHERE not_after < $1",
    };
}
