using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Backup;
using Broker.CredentialZone.Tests.Support;
using Broker.Host;

namespace Broker.CredentialZone.Tests.Postgres;

/// <summary>What was changed in the tables by another hand is found there too: by a zone that goes on, and by the whole walk.</summary>
public sealed class PostgresIntegritySpecs
{
    public static TheoryData<string, string> Tamperings => new()
    {
        { "fence-altered", "UPDATE customers SET fence = fence - 1" },
        { "lock-altered", "UPDATE customers SET lock_generation = 5, lifted_generation = 5" },
        { "head-altered", "UPDATE customers SET head_signature = decode(repeat('00', 64), 'hex')" },
        { "custody-altered", "UPDATE customers SET custody_signature = decode(repeat('00', 64), 'hex')" },
        { "custody-altered", "UPDATE customers SET custody = '\\x00'" },
        { "record-altered", "UPDATE customers SET owner_incarnation = '\\x00'" },
        { "record-altered", "UPDATE chains SET hash = '\\x00' WHERE chain = 'acme'" },
        { "ledger-altered", "UPDATE chains SET length = length - 1 WHERE chain = 'acme'" },
        { "ledger-altered", "DELETE FROM blocks WHERE chain = 'acme' AND position = (SELECT length - 1 FROM chains WHERE chain = 'acme')" },
        { "entry-altered", "UPDATE entries SET statement = '\\x00' WHERE type = 'row'" },
        { "entry-altered", "DELETE FROM entries WHERE type = 'row'" },
        { "tree-altered", "DELETE FROM nodes" },
        { "journal-altered", "UPDATE customers SET open_hand_offs = 0" },
    };

    [SkippableTheory]
    [MemberData(nameof(Tamperings))]
    public void Zone_should_refuse_what_was_altered_and_go_on_with_others(string code, string sql)
    {
        using var zone = new ZoneUnderTest(PostgresTests.Open);
        var (customer, other) = (zone.Ready(), zone.Ready("other"));
        zone.Do(new ReleaseRows(customer.Call(customer.Launch())));
        if (!sql.StartsWith("UPDATE customers", StringComparison.Ordinal) && !sql.StartsWith("UPDATE chains", StringComparison.Ordinal))
        {
            // Customers and chains are compared in every batch. The others are looked at when they are read, and not read again while
            // what is remembered of them holds under the head.
            zone.Reopen();
        }

        var only = sql.Contains("chain = 'acme'", StringComparison.Ordinal) ? sql
            : sql + (sql.Contains("WHERE", StringComparison.Ordinal) ? " AND" : " WHERE") + " customer = 'acme'";
        PostgresServer.Needed().Sql(PostgresTests.Options(zone.DirectoryPath).Database, only);

        var (refused, going) = (new ReleaseRows(customer.Call(customer.Launch())), new ReleaseRows(other.Call(other.Launch())));
        zone.Store.Commit([refused, going]);
        var refusal = Assert.IsType<StoreResult<ReleaseResult>.Refused>(ZoneUnderTest.Ended(refused)).Refusal;
        Assert.True(refusal.Code == code, $"{sql}: {refusal}");
        Assert.IsType<StoreResult<ReleaseResult>.Done>(ZoneUnderTest.Ended(going));
    }

    [SkippableTheory]
    [InlineData("ledger-altered", "UPDATE blocks SET block = '\\x00' WHERE chain = 'acme' AND position = 3")]
    [InlineData("ledger-altered", "UPDATE batches SET signature = decode(repeat('00', 64), 'hex') WHERE id = 2")]
    [InlineData("entry-altered", "DELETE FROM entries WHERE type = 'user'")]
    [InlineData("lock-altered", "UPDATE customers SET lifted_generation = lock_generation")]
    [InlineData("journal-altered", "DELETE FROM hand_offs WHERE use_state = 'used'")]
    [InlineData("journal-altered", "DELETE FROM idempotency")]
    [InlineData("invitation-altered", "UPDATE invitations SET redeemed = 1")]
    public void Verification_should_find_it(string code, string sql)
    {
        using var zone = new StoredZone(PostgresServer.Needed().Options(PostgresTests.NewDatabase()));
        zone.Customer("acme");
        Assert.True(zone.Run("verify") == ExitCodes.Ok, zone.Said);
        PostgresServer.Needed().Sql(zone.Postgres!.Database, sql);

        Assert.True(zone.Run("verify") == ExitCodes.Unverified, zone.Said);
        Assert.Contains($": {code}: ", zone.Said, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Backup_and_restore_should_be_left_to_the_servers_own_tools()
    {
        using var zone = new StoredZone(PostgresServer.Needed().Options(PostgresTests.NewDatabase()));
        foreach (var (verb, option) in new[] { ("backup", "--to"), ("restore", "--from") })
        {
            Assert.Equal(ExitCodes.Start, zone.Run(verb, (option, zone.Path("copy.db"))));
            Assert.Contains("pg_basebackup", zone.Said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Counts_of_refusals_should_be_as_before_when_a_batch_was_taken_back()
    {
        var budget = new RefusalBudget();
        Assert.NotNull(budget.Take("acme", "user/alice", 1, 1));
        Assert.Null(budget.Take("acme", "user/alice", 1, 1));
        budget.BeginBatch();
        Assert.Equal([("acme", "user/alice", 1u)], budget.TakePast(2));
        Assert.NotNull(budget.Take("acme", "user/bob", 2, 1));
        budget.TakeBack();

        Assert.Equal([("acme", "user/alice", 1u)], budget.TakePast(2));
        Assert.NotNull(budget.Take("acme", "user/bob", 2, 1));
    }
}
