using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Directory;
using Broker.Protocol.Requests;

namespace Broker.Dmz.Tests.Faults;

public sealed class DeletionSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    // With the longest name the keys of so many rows do not fit into one request of 64 KiB.
    private const int Versions = 900;

    [Fact]
    public async Task A_credential_with_many_versions_should_be_deleted_at_once()
    {
        var customer = await world.Enrolled();
        var name = new string('c', 63);
        var puts = new List<Task<Result<ChangeDone>>>();
        for (var version = 0u; version < Versions; version++)
        {
            var (request, upload) = customer.Put(name, "x"u8.ToArray(), ReleasePolicy.Default.Value, replaces: version);
            puts.Add(customer.Submit(request, UserAction.PutCredential, upload));
        }

        Assert.All(await Task.WhenAll(puts), done => Assert.True(done.Code is null, $"{done.Code}: {done.Detail}"));
        var before = (await customer.Status()).HeadCounter;

        var deleted = await customer.Submit(
            customer.Request(UserAction.DeleteCredential, new NamePayload(TestCustomer.N(name))), UserAction.DeleteCredential);

        Assert.True(deleted.Code is null, $"{deleted.Code}: {deleted.Detail}");
        Assert.Equal(before + 1, (await customer.Status()).HeadCounter);
        var (entries, _) = await customer.Read(
            EntryKey.Credential(TestCustomer.N(name)), EntryKey.Row(TestCustomer.N(name), 1), EntryKey.Row(TestCustomer.N(name), Versions));
        Assert.All(entries, e => Assert.Equal(Protocol.Identifiers.Digest.Zero, e.Leaf));
    }
}
