using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Tests.Ledger;
using Broker.CredentialZone.Tests.Support;
using Broker.Protocol.Ledger;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Tests.Postgres;

/// <summary>Budgets of refusals are each zone node's own: together they record that many times the budget, and lose none.</summary>
public sealed class SharedBudgetSpecs : IDisposable
{
    private const int Reports = 10;

    private readonly ZoneUnderTest _one = new(PostgresTests.Open);

    public void Dispose() => _one.Dispose();

    [SkippableFact]
    public void Nodes_together_should_record_each_its_budget_and_count_every_refusal()
    {
        var customer = _one.Ready();
        using var two = new ZoneUnderTest(PostgresTests.Open, _one.DirectoryPath, ledger: _one.LedgerKey, time: _one.Time);
        ZoneUnderTest[] nodes = [_one, two];
        for (var i = 0; i < Reports; i++)
        {
            nodes[i % 2].Do(new ReportRefusal(TestCustomer.N("dmz-1"), customer.Name, "user/mallory", "launch", "role-forbids"));
        }

        Assert.Equal(nodes.Length * (int)ZoneUnderTest.Limits.RefusalsPerMinute, Refusals(customer).Count);

        // Once the minute is over each says how many more there were, whichever of them the customer's next calls go to.
        _one.Time.Advance(TimeSpan.FromMinutes(1));
        foreach (var node in nodes)
        {
            node.Do(new KeepHouse(TestCustomer.N("zone")));
        }

        var all = Refusals(customer);
        Assert.Equal(Reports, all.Count(static r => r.More == 0) + all.Sum(static r => (int)r.More));
        Assert.Equal(nodes.Length, all.Count(static r => r.More > 0));
    }

    private List<Refusal> Refusals(TestCustomer customer) =>
        [.. LedgerWalker.Walk(_one.Store, ZoneUnderTest.Cluster, customer.Name.Value, _one.LedgerKey.Key)
            .Where(static b => b.Kind == BlockKind.Refusal).Select(static b => Statement.Read<Refusal>(b.Body.Span))];
}
