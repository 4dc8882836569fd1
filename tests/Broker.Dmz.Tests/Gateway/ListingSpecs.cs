using System.Net.Http.Headers;
using System.Net.Http.Json;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Api;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Wire = Broker.Protocol.Wire.Zone;

namespace Broker.Dmz.Tests.Gateway;

/// <summary>A listing gives every entry once, also where a page ends before its limit because it would grow too large.</summary>
public sealed class ListingSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    // 256 agents and 128 labels and uses with names of 63 characters: 26 KiB, so that 6 MiB end long before the limit of a page.
    private const int Policies = 280;

    [Fact]
    public async Task A_listing_should_go_on_where_the_zone_cut_its_page()
    {
        var customer = await world.Enrolled();
        await Task.WhenAll(Enumerable.Range(0, Policies).Select(i => Put(customer, i)));
        var cut = await world.Node.Zone.ListEntriesAsync(
            new Wire.ListEntriesRequest { Customer = customer.Name.Value, Type = EntryKey.PolicyType, Limit = 1000 }, default);
        Assert.InRange(cut.Entries.Count, 1, Policies - 1);
        Assert.True(cut.More);
        await using var gateway = await GatewayServer.StartAsync(world);
        using var client = gateway.Client(world.Console);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await Login(client, customer));

        var names = new List<string>();
        var path = $"/v1/customers/{customer.Name}/policies?limit=1000";
        for (var next = path; next is not null;)
        {
            var page = await client.GetFromJsonAsync(next, ApiJson.Default.PageModelPolicyModel);
            names.AddRange(page!.Items.Select(p => p.Policy));
            next = page.Next is null ? null : $"{path}&after={page.Next}";
        }

        Assert.Equal(Enumerable.Range(0, Policies).Select(i => $"p-{i:D4}"), names);
    }

    [Fact]
    public async Task A_listing_should_say_that_it_is_whole()
    {
        var customer = await world.Enrolled();
        var whole = await world.Node.Zone.ListEntriesAsync(
            new Wire.ListEntriesRequest { Customer = customer.Name.Value, Type = EntryKey.UserType, Limit = 4 }, default);
        var part = await world.Node.Zone.ListEntriesAsync(
            new Wire.ListEntriesRequest { Customer = customer.Name.Value, Type = EntryKey.UserType, Limit = 2 }, default);

        Assert.Equal((3, false, 2, true), (whole.Entries.Count, whole.More, part.Entries.Count, part.More));
    }

    private static async Task Put(TestCustomer customer, int i)
    {
        var policy = new PutPolicyPayload(TestCustomer.N($"p-{i:D4}"), Names('a', 256), Names('l', 64), Names('u', 64), [Role.Operator]);
        var done = await customer.Submit(customer.Request(UserAction.PutPolicy, policy), UserAction.PutPolicy);
        Assert.True(done.Code is null, $"{done.Code}: {done.Detail}");
    }

    private static List<Name> Names(char first, int count) =>
        [.. Enumerable.Range(0, count).Select(i => TestCustomer.N($"{new string(first, 59)}{i:D4}"))];

    private static async Task<string> Login(HttpClient client, TestCustomer customer)
    {
        var login = SignedRequestModel.From(customer.Request(UserAction.Login, new LoginPayload(), bend: r => r with
        {
            NotAfter = customer.World.Time.GetUtcNow() + TimeSpan.FromMinutes(5),
        }));
        using var answer = await client.PostAsJsonAsync(
            $"/v1/customers/{customer.Name}/login", login, ApiJson.Default.SignedRequestModel);
        return (await answer.Content.ReadFromJsonAsync(ApiJson.Default.TokenModel))!.Token;
    }
}
