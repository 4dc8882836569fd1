using Broker.CredentialZone.Store;
using Broker.Host;

namespace Broker.CredentialZone.Tests.Backup;

/// <summary>What the zone cannot see in passing, since it would have to look at everything: the whole walk finds it.</summary>
public sealed class VerifySpecs : IDisposable
{
    private readonly StoredZone _zone = new();

    public static TheoryData<string, string, string> Tamperings => new()
    {
        { "a block in the middle altered", "ledger-altered",
            "UPDATE blocks SET block = zeroblob(length(block)) WHERE chain = 'acme' AND position = 3" },
        { "a block in the middle removed", "ledger-altered", "DELETE FROM blocks WHERE chain = 'acme' AND position = 3" },
        { "two blocks in the middle exchanged", "ledger-altered",
            "UPDATE blocks SET position = -1 WHERE chain = 'acme' AND position = 3; " +
            "UPDATE blocks SET position = 3 WHERE chain = 'acme' AND position = 4; " +
            "UPDATE blocks SET position = 4 WHERE chain = 'acme' AND position = -1" },
        { "a signature of an early batch altered", "ledger-altered", "UPDATE batches SET signature = zeroblob(64) WHERE id = 2" },
        { "a block's place in its batch altered", "ledger-altered", "UPDATE blocks SET place = 1 WHERE chain = 'acme' AND position = 2" },
        { "the tail cut as it once was", "ledger-altered",
            "UPDATE chains SET length = 3, entered = 3, hash = (SELECT substr(block, instr(hex(block), hex('x')) * 0 + 1, 32) " +
            "FROM blocks " +
            "WHERE chain = 'acme' AND position = 3) WHERE chain = 'acme'; DELETE FROM blocks WHERE chain = 'acme' AND position >= 3" },
        { "a block of the cluster's chain altered", "ledger-altered",
            "UPDATE blocks SET block = zeroblob(length(block)) WHERE chain = '' AND position = 1" },
        { "the ledger's certificate replaced", "ledger-altered", "UPDATE meta SET value = X'00' WHERE key = 'ledger-certificate-block'" },
        { "a row altered", "entry-altered", "UPDATE entries SET statement = zeroblob(9) WHERE type = 'row'" },
        { "a row removed", "entry-altered", "DELETE FROM entries WHERE type = 'row'" },
        { "a user removed", "entry-altered", "DELETE FROM entries WHERE type = 'user'" },
        { "a policy twice", "entry-altered",
            "INSERT INTO entries SELECT customer, type, 'web2', statement, signature, epoch FROM entries WHERE type = 'policy'" },
        { "a node of the tree removed", "tree-altered", "DELETE FROM nodes WHERE length(position) > 2" },
        { "a leaf in the tree altered", "tree-altered",
            "UPDATE nodes SET node = CAST(substr(node, 1, length(node) - 40) || zeroblob(20) || substr(node, -20) AS BLOB)" },
        { "the fence lowered", "fence-altered", "UPDATE customers SET fence = fence - 1" },
        { "the owner replaced", "fence-altered", "UPDATE customers SET owner_node = 'dmz-9'" },
        { "the lock lifted", "lock-altered", "UPDATE customers SET lifted_generation = lock_generation" },
        { "the head's signature removed", "head-altered", "UPDATE customers SET head_signature = zeroblob(64)" },
        { "the custody record's signature removed", "custody-altered", "UPDATE customers SET custody_signature = zeroblob(64)" },
        { "a hand-off that was used removed", "journal-altered", "DELETE FROM hand_offs WHERE use_state = 'used'" },
        { "a use that failed", "journal-altered", "UPDATE hand_offs SET use_state = 'use-failed' WHERE use_state = 'used'" },
        { "an open hand-off ended", "journal-altered", "UPDATE hand_offs SET state = 'not-sent', open = 0 WHERE state = 'released'" },
        { "open hand-offs miscounted", "journal-altered", "UPDATE customers SET open_hand_offs = 0" },
        { "an idempotency key removed", "journal-altered", "DELETE FROM idempotency WHERE hand_off <> zeroblob(16)" },
        { "the idempotency key of a lock removed", "journal-altered", "DELETE FROM idempotency WHERE hand_off = zeroblob(16)" },
        { "an invitation redeemed", "invitation-altered", "UPDATE invitations SET redeemed = 1" },
        { "another cluster's name", "record-altered", "UPDATE meta SET value = CAST('else' AS BLOB) WHERE key = 'cluster'" },
    };

    public void Dispose() => _zone.Dispose();

    [Fact]
    public void Store_as_the_zone_wrote_it_should_verify()
    {
        _zone.Customer("acme");
        Assert.Equal(ExitCodes.Ok, _zone.Run("verify"));
        Assert.True(_zone.Said.Contains("ok         ", StringComparison.Ordinal), _zone.Said);
        _zone.Close();
        _zone.Reopen();
        Assert.Equal(ExitCodes.Ok, _zone.Run("verify"));
    }

    [Theory]
    [InlineData("UPDATE chains SET length = length - 1 WHERE chain = ''", "ledger-altered")]
    [InlineData("UPDATE chains SET hash = zeroblob(32) WHERE chain = ''", "ledger-altered")]
    [InlineData("DELETE FROM blocks WHERE chain = '' AND position = (SELECT length - 1 FROM chains WHERE chain = '')", "ledger-altered")]
    [InlineData("UPDATE meta SET value = CAST('else' AS BLOB) WHERE key = 'cluster'", "another cluster")]
    [InlineData("UPDATE meta SET value = X'00' WHERE key = 'ledger-certificate-block'", "predecessor")]
    public void Zone_should_not_start_where_every_customers_ledger_would_go_on_from_a_lie(string sql, string says)
    {
        _zone.Customer("acme");
        _zone.Close();
        _zone.Sql(sql);

        Assert.Contains(says, Assert.Throws<StoreException>(_zone.Reopen).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Tamperings))]
    public void Tampering_should_be_found(string name, string code, string sql)
    {
        _zone.Customer("acme");
        _zone.Close();
        _zone.Sql(sql);

        Assert.True(_zone.Run("verify") == ExitCodes.Unverified, $"{name}: {_zone.Said}");

        Assert.True(_zone.Said.Contains($": {code}: ", StringComparison.Ordinal), $"{name}: {_zone.Said}");
    }
}
