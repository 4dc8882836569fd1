using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.TestKit;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Tests.Faults;

/// <summary>A request that was committed is known to the key after a restart too, whatever the zone and the gateway leave out.</summary>
public sealed class RestartSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task A_put_whose_answer_was_lost_should_be_known_after_a_restart()
    {
        var customer = await world.Enrolled();
        var (request, upload) = customer.Put("db", "first"u8.ToArray(), ReleasePolicy.Default.Value);
        Assert.Null((await customer.Submit(request, UserAction.PutCredential, upload)).Code);
        await customer.Restart();

        var again = await customer.Submit(request, UserAction.PutCredential, upload);

        Assert.Equal(Codes.AlreadyCommitted, again.Code);
        Assert.Contains("version 1", again.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_of_another_request_should_be_a_conflict_after_a_restart()
    {
        var customer = await world.Enrolled();
        var first = customer.Request(UserAction.PutPolicy, customer.Policy("p", ["a"]));
        Assert.Null((await customer.Submit(first, UserAction.PutPolicy)).Code);
        await customer.Restart();
        var id = Statement.Read<Request>(first.Statement.Span).IdempotencyKey;
        var second = customer.Request(UserAction.PutPolicy, customer.Policy("p", ["b"]), bend: r => r with { IdempotencyKey = id });

        Assert.Equal("idempotency-conflict", await Prepare(customer, second, await Brought(customer, second)));
    }

    [Fact]
    public async Task A_replayed_change_should_be_refused_where_the_zone_proves_its_record()
    {
        var (customer, put) = await Undone();

        Assert.Equal(Codes.AlreadyCommitted, await Prepare(customer, put, await Brought(customer, put)));
    }

    [Fact]
    public async Task A_replayed_change_should_be_refused_where_the_record_is_not_brought()
    {
        var (customer, put) = await Undone();
        var brought = (await Brought(customer, put)).Where(e => e.Key.Type != EntryKey.RequestType).ToList();

        Assert.Equal(Codes.Malformed, await Prepare(customer, put, brought));
    }

    [Fact]
    public async Task A_replayed_change_should_be_refused_where_the_record_is_said_to_be_absent()
    {
        var (customer, put) = await Undone();
        var brought = (await Brought(customer, put)).Select(e => e.Key.Type == EntryKey.RequestType
            ? e with { Leaf = Digest.Zero, Statement = null }
            : e).ToList();

        Assert.Equal(Codes.EntryForged, await Prepare(customer, put, brought));
    }

    [Fact]
    public async Task A_replayed_change_should_be_refused_where_the_record_is_withheld()
    {
        var (customer, put) = await Undone();
        var brought = (await Brought(customer, put))
            .Select(e => e.Key.Type == EntryKey.RequestType ? e with { Statement = null } : e).ToList();

        Assert.Equal(Codes.Malformed, await Prepare(customer, put, brought));
    }

    [Fact]
    public async Task The_same_request_twice_in_one_batch_should_be_done_once()
    {
        var customer = await world.Enrolled();
        var (request, upload) = customer.Put("db", "first"u8.ToArray(), ReleasePolicy.Default.Value);
        var results = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => customer.Submit(request, UserAction.PutCredential, upload)));

        Assert.Single(results, r => r.Code is null);
        Assert.Equal(7, results.Count(r => r.Code == Codes.AlreadyCommitted));
    }

    [Fact]
    public async Task A_record_should_be_forgotten_when_its_request_could_not_be_believed_again()
    {
        var customer = await world.Enrolled();
        var (request, upload) = customer.Put("db", "first"u8.ToArray(), ReleasePolicy.Default.Value);
        Assert.Null((await customer.Submit(request, UserAction.PutCredential, upload)).Code);
        var records = await Records(customer);
        Assert.NotEmpty(records);
        await customer.Restart();
        Assert.Equal(records.Select(r => r.Id), (await Records(customer)).Select(r => r.Id));

        world.Time.Advance(TimeSpan.FromMinutes(15));
        await customer.Wipe();
        await customer.Unlock();

        var started = TimeProvider.System.GetTimestamp();
        while ((await Records(customer)).Count > 0)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Patience.Limit, "the records stay");
        }

        Assert.Equal(RequestRefusal.Expired, (await customer.Submit(request, UserAction.PutCredential, upload)).Code);
    }

    [Fact]
    public async Task A_record_should_not_be_forgotten_before_its_time_whoever_asks()
    {
        var customer = await world.Enrolled();
        var record = new EntryKey(EntryKey.RequestType, (await Records(customer))[0].Id);
        var other = EntryKey.User(TestCustomer.N("alice"));

        Assert.Null((await customer.Submit(new Change.Forget([record]))).Code);
        Assert.Equal(Codes.Malformed, (await customer.Submit(new Change.Forget([other]))).Code);

        Assert.Contains(await Records(customer), r => r.Id == record.Id);
        Assert.NotNull((await customer.Read(other)).Entries[0].Statement);
    }

    [Fact]
    public async Task A_zone_should_refuse_a_change_whose_request_is_left_out()
    {
        var customer = await world.Enrolled();
        var put = customer.Request(UserAction.PutPolicy, customer.Policy("p", ["a"]));
        var (entries, head) = await customer.Read([.. ChangeKeys.Of(new Change.ByUser(put, UserAction.PutPolicy, default))]);
        var prepared = (await customer.Ask<Result<PreparedChanges>>(
            r => new CustomerKeyMessage.Prepare([new Change.ByUser(put, UserAction.PutPolicy, default)], entries, head, r))).Value!;
        var commit = new Wire.CommitRequest
        {
            Customer = customer.Name.Value,
            Fence = prepared.Fence,
            ExpectedCounter = prepared.ExpectedCounter,
            Head = WireSigned.To(prepared.Head!),
        };
        commit.Changes.AddRange(prepared.Entries);

        var refused = await Assert.ThrowsAsync<Links.Zone.ZoneRefusedException>(() => world.HostileNode.CommitAsync(commit, default));

        Assert.Equal("entry-mismatch", refused.Code);
        customer.Refs.Key.Tell(new CustomerKeyMessage.Settled(Committed: false, null));
    }

    // A user was put and removed again; the put is still good by its time, and the node has forgotten everything.
    private async Task<(TestCustomer Customer, SignedRequest Put)> Undone()
    {
        var customer = await world.Enrolled();
        var eve = TestCustomer.N("eve");
        var put = customer.Request(
            UserAction.PutUser, new PutUserPayload(eve, Role.Operator, new SignerKey().Key), bend: r =>
                r with { NotAfter = world.Time.GetUtcNow() + TimeSpan.FromHours(24) });
        Assert.Null((await customer.Submit(put, UserAction.PutUser)).Code);
        await customer.Change(UserAction.RemoveUser, new NamePayload(eve));
        await customer.Restart();
        return (customer, put);
    }

    private static async Task<List<ProvenEntry>> Brought(TestCustomer customer, SignedRequest put) =>
        [.. (await customer.Read([.. ChangeKeys.Of(new Change.ByUser(put, Action(put), default))])).Entries];

    private static UserAction Action(SignedRequest request) =>
        Statement.Read<Request>(request.Statement.Span).Action == UserAction.PutUser.Name ? UserAction.PutUser : UserAction.PutPolicy;

    private static async Task<string> Prepare(TestCustomer customer, SignedRequest put, IReadOnlyList<ProvenEntry> brought)
    {
        var (_, head) = await customer.Read(EntryKey.User(TestCustomer.N("alice")));
        var prepared = await customer.Ask<Result<PreparedChanges>>(
            r => new CustomerKeyMessage.Prepare([new Change.ByUser(put, Action(put), default)], brought, head, r));
        return prepared.Code ?? prepared.Value!.Refusals[0]?.Code ?? "prepared";
    }

    private static async Task<List<Wire.Entry>> Records(TestCustomer customer) => [.. (await customer.World.Node.Zone.ListEntriesAsync(
        new Wire.ListEntriesRequest { Customer = customer.Name.Value, Type = EntryKey.RequestType, Limit = 1000 }, default)).Entries];
}
