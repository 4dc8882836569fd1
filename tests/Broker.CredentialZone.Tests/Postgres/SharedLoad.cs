using System.Collections.Concurrent;
using Broker.CredentialZone.Operations;
using Broker.CredentialZone.Store;
using Broker.CredentialZone.Tests.Support;

namespace Broker.CredentialZone.Tests.Postgres;

/// <summary>Claims and releases of several customers in each batch, and what became of them.</summary>
internal sealed class SharedLoad(IReadOnlyList<TestCustomer> customers)
{
    private readonly ConcurrentBag<(string Customer, ulong Fence)> _claims = [];
    private readonly ConcurrentBag<string> _released = [];
    private readonly Lock _making = new();
    private int _stale;

    /// <summary>Operations that met the other node's claim.</summary>
    public int Stale => _stale;

    /// <summary>The fences that were given.</summary>
    public IEnumerable<ulong> Claims(TestCustomer customer) =>
        _claims.Where(c => c.Customer == customer.Name.Value).Select(static c => c.Fence);

    /// <summary>How many releases succeeded.</summary>
    public int Released(TestCustomer customer) => _released.Count(c => c == customer.Name.Value);

    /// <summary>One batch: for each customer a claim now and then, and two releases under the fence that was read.</summary>
    /// <param name="store">The node.</param>
    /// <param name="order">The customers, by their places.</param>
    /// <param name="round">Which batch of this node it is.</param>
    /// <param name="read">Called when all fences are read, before anything is committed.</param>
    public void Run(ICredentialStore store, int[] order, int round, Action read)
    {
        var batch = new List<(TestCustomer Customer, StoreOperation Operation)>();
        foreach (var customer in order.Select(i => customers[i]))
        {
            var fence = store.Customer(customer.Name)!.Customer.Fence;
            lock (_making)
            {
                if (round % 3 == 0)
                {
                    fence++;
                    batch.Add((customer, new ClaimCustomer(customer.Claim(fence), null)));
                }

                batch.Add((customer, new ReleaseRows(customer.Call(customer.Launch()) with { Fence = fence })));
                batch.Add((customer, new ReleaseRows(customer.Call(customer.Launch()) with { Fence = fence })));
            }
        }

        read();
        store.Commit([.. batch.Select(static b => b.Operation)]);
        foreach (var (customer, operation) in batch)
        {
            switch (operation)
            {
                case ClaimCustomer claim when ZoneUnderTest.Ended(claim) is StoreResult<CustomerState>.Done { Value: var state }:
                    _claims.Add((customer.Name.Value, state.Customer.Fence));
                    break;
                case ReleaseRows release when ZoneUnderTest.Ended(release) is StoreResult<ReleaseResult>.Done:
                    _released.Add(customer.Name.Value);
                    break;
                default:
                    Assert.Equal(RefusalCode.StaleFence, Code(operation));
                    Interlocked.Increment(ref _stale);
                    break;
            }
        }
    }

    private static string Code(StoreOperation operation) => operation switch
    {
        ClaimCustomer claim => Assert.IsType<StoreResult<CustomerState>.Refused>(ZoneUnderTest.Ended(claim)).Refusal.Code,
        ReleaseRows release => Assert.IsType<StoreResult<ReleaseResult>.Refused>(ZoneUnderTest.Ended(release)).Refusal.Code,
        _ => throw new InvalidOperationException("no such operation is made here"),
    };
}
