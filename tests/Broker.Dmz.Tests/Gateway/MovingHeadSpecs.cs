using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Broker.Dmz.Tests.Support;
using Broker.Protocol.Api;
using Broker.Protocol.Directory;
using Broker.Protocol.Requests;

namespace Broker.Dmz.Tests.Gateway;

/// <summary>What the gateway reads beside the key is read again where somebody else's change was committed meanwhile.</summary>
public sealed class MovingHeadSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task An_invitation_should_not_be_refused_because_others_change_something()
    {
        var customer = await world.Enrolled();
        await using var gateway = await GatewayServer.StartAsync(world);
        using var client = gateway.Client(world.Console);
        var invitation = customer.Request(UserAction.InviteAgent, customer.Invitation("web-7", new SignerKey().Key));
        var answers = 0;
        world.Zone.Lie = answer =>
        {
            // The first answer is what the gateway read of the users: on its way the head goes on, twice.
            if (Interlocked.Increment(ref answers) == 1)
            {
                world.Zone.Lie = null;
                Change(customer, "one").GetAwaiter().GetResult();
                Change(customer, "two").GetAwaiter().GetResult();
            }

            return answer;
        };

        using var body = new ByteArrayContent(
            JsonSerializer.SerializeToUtf8Bytes(SignedRequestModel.From(invitation), ApiJson.Default.SignedRequestModel));
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var said = await client.PutAsync(
            new Uri($"/v1/customers/{customer.Name}/agents/web-7", UriKind.Relative), body);

        Assert.True(said.StatusCode == HttpStatusCode.OK, await said.Content.ReadAsStringAsync());
        Assert.NotEqual(0, answers);
    }

    private static async Task Change(TestCustomer customer, string policy)
    {
        var payload = new PutPolicyPayload(
            TestCustomer.N(policy), [TestCustomer.N("web-7")], [], [TestCustomer.N("greet")], [Role.Operator]);
        var done = await customer.Submit(customer.Request(UserAction.PutPolicy, payload), UserAction.PutPolicy);
        Assert.True(done.Code is null, $"{done.Code}: {done.Detail}");
    }
}
