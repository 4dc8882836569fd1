using System.Net;
using System.Text.Json;
using Broker.Dmz.Agents;
using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Dmz.Tests.Transfers;
using Broker.Protocol.Api;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Protocol.Wire.Agent;
using Google.Protobuf;
using Peer = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Tests.Forwarding;

/// <summary>What is carried to a node other than by the owner's call: states, lifts, confirmations, an agent's enrolment.</summary>
public sealed class OtherCallsSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    [Fact]
    public async Task The_state_of_a_customer_should_be_its_owners_unless_this_nodes_is_asked_for()
    {
        await using var f = await TransferFixture.StartAsync(world);
        f.Other.Know(f.Owner);
        using var here = f.Other.Console();

        Assert.Equal((KeyState.Unlocked, KeyState.Locked), (await State(here, f.Customer), await State(here, f.Customer, "?here=1")));
        await f.Held();
        Assert.Equal((KeyState.Unlocked, KeyState.Holding), (await State(here, f.Customer), await State(here, f.Customer, "?here=1")));
        await f.Customer.Wipe();
        Assert.Equal(KeyState.Holding, await State(here, f.Customer));
    }

    [Fact]
    public async Task A_node_should_tell_its_own_state_where_the_owner_is_gone()
    {
        await using var f = await TransferFixture.StartAsync(world);
        await using var gone = await OtherNode.StartAsync(world, "dmz-3");
        f.Other.KnowAs(f.Owner.Node.Node, gone.Address);
        await gone.DisposeAsync();
        using var here = f.Other.Console();

        Assert.Equal(KeyState.Locked, await State(here, f.Customer));
    }

    [Fact]
    public async Task A_lift_should_reach_the_node_that_has_the_shares()
    {
        await using var f = await TransferFixture.StartAsync(world);
        f.Other.Know(f.Owner);
        using var here = f.Other.Console();
        var locked = f.Customer.Request(UserAction.Lock, new LockPayload(0, "drill"));
        await world.Node.Zone.LockAsync(
            new() { Customer = f.Customer.Name.Value, Request = ByteString.CopyFrom(locked.Encode()) }, default);
        await f.Customer.Wipe();
        await f.Customer.Give(f.Customer.ShareFor(1));
        await f.Customer.Give(f.Customer.ShareFor(2));
        await f.Customer.Until(static s => s.State == KeyState.LiftNeeded);

        var (_, code, detail) = await GatewayServer.Post(
            here, $"/v1/customers/{f.Customer.Name}/lift",
            SignedRequestModel.From(f.Customer.Request(
                UserAction.LiftLock, new LockPayload((await f.Customer.ZoneState()).LockGeneration, "over"))),
            ApiJson.Default.SignedRequestModel, ApiJson.Default.CustomerModel);

        Assert.True(code is null, $"{code}: {detail}");
        await f.Customer.UntilUnlocked();
    }

    [Fact]
    public async Task A_confirmation_should_reach_the_node_that_enrols()
    {
        await using var f = await TransferFixture.StartAsync(world);
        f.Other.Know(f.Owner);
        using var here = f.Other.Console();
        var customer = await world.NewCustomer();
        await customer.BeginToEnrol(customer.Plan());

        foreach (var share in customer.Enrolment!.Shares)
        {
            using var record = customer.OpenShare(share.Index);
            var (_, code, detail) = await GatewayServer.Post(
                here, $"/v1/customers/{customer.Name}/confirmations",
                new ConfirmModel("shares", share.Index, record.Confirm(customer.Enrolment.Challenge)), ApiJson.Default.ConfirmModel,
                ApiJson.Default.CustomerModel);
            Assert.True(code is null, $"{code}: {detail}");
        }

        await customer.UntilUnlocked();
        await customer.Wipe();
    }

    [Fact]
    public async Task An_agent_should_enrol_at_whichever_node_and_once()
    {
        await using var f = await TransferFixture.StartAsync(world);
        f.Other.Know(f.Owner);
        var (request, end) = await Invited(f, "web-2");
        using var agent = f.Other.Console();

        var (reply, code) = await Enrol(agent, request);

        Assert.True(code is null, code);
        var grant = Statement.Read<Grant>(reply!.Grant.Span);
        Assert.Equal((end.Name, end.Key), (grant.Agent, grant.Key));
        Assert.True(f.Customer.Custody.Identity.Verify(reply.Grant.Span, reply.GrantSignature.Span));
        Assert.Equal(2, reply.Certificates.Count);
        Assert.Equal(Codes.InvitationUsed, (await Enrol(agent, request)).Code);
    }

    [Theory]
    [InlineData("another agent's grant")]
    [InlineData("a grant that nobody signed")]
    [InlineData("another identity")]
    [InlineData("nothing")]
    [InlineData("no message")]
    public async Task A_certificate_should_be_issued_for_nothing_that_a_hostile_owner_answers(string answer)
    {
        await using var f = await TransferFixture.StartAsync(world);
        var (request, _) = await Invited(f, "web-2");
        var (other, otherEnd) = await Invited(f, "web-3");
        var good = await new EnrolmentRedeeming(f.Owner.Node, f.Owner.Customers).Redeem(other, default);
        var reply = good.Value!.Clone();
        switch (answer)
        {
            case "a grant that nobody signed":
                var asked = Statement.Read<AgentRequest>(request.Statement.Span);
                reply.Grant = ByteString.CopyFrom((otherEnd.Grant with { Agent = asked.Agent, Key = asked.Key }).Encode());
                break;
            case "another identity":
                reply.Identity = ByteString.CopyFrom(otherEnd.Key.Bytes.ToArray());
                break;
        }

        var body = answer switch
        {
            "nothing" => ByteString.Empty,
            "no message" => ByteString.CopyFrom(0xff, 0xff, 0xff),
            _ => reply.ToByteString(),
        };
        f.Other.Know(new LyingOwner(f.Owner.Node.Node, new Peer.ForwardReply { Body = body }));
        using var agent = f.Other.Console();

        Assert.Equal((null, Codes.OutcomeUnknown), await Enrol(agent, request));
    }

    private static async Task<(EnrolRequest Request, AgentEnd End)> Invited(TransferFixture f, string name)
    {
        var token = new SignerKey();
        await f.Customer.Invite(name, token);
        var end = new AgentEnd(f.Customer, Name.Parse(name), f.Customer.NewId()) { Grant = f.Agent.Grant };
        var asked = token.Sign(f.Customer.AgentAsks(name, token.Key, end.Key, end.Boot));
        return (new EnrolRequest
        {
            Statement = ByteString.CopyFrom(asked.Statement.Span),
            TokenSignature = ByteString.CopyFrom(asked.Signature.Span),
            AgentSignature = ByteString.CopyFrom(end.Sign(asked.Statement.Span)),
        }, end);
    }

    private static async Task<(EnrolReply? Reply, string? Code)> Enrol(HttpClient client, EnrolRequest request)
    {
        using var body = new ByteArrayContent(request.ToByteArray());
        using var response = await client.PostAsync(new Uri(EnrolmentEndpoint.Path, UriKind.Relative), body);
        var answer = await response.Content.ReadAsByteArrayAsync();
        return response.StatusCode == HttpStatusCode.OK
            ? (EnrolReply.Parser.ParseFrom(answer), null)
            : (null, Problem.Parser.ParseFrom(answer).Code);
    }

    private static async Task<string> State(HttpClient client, TestCustomer customer, string query = "")
    {
        var answer = await client.GetStringAsync(new Uri($"/v1/customers/{customer.Name}{query}", UriKind.Relative));
        return JsonSerializer.Deserialize(answer, ApiJson.Default.CustomerModel)!.State;
    }
}
