using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Broker.Dmz.Agents;
using Broker.Dmz.Customers;
using Broker.Dmz.Tests.Support;
using Broker.Dmz.Tests.Transfers;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Api;
using Broker.Protocol.Requests;
using Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Tests.Forwarding;

/// <summary>
/// Every call of the gateway at a node that does not own the customer. A call that is new has to enter the table, and with it the rule of
/// where it is answered.
/// </summary>
public sealed class EveryCallSpecs(DmzWorld world) : IClassFixture<DmzWorld>
{
    private enum Answers
    {
        /// <summary>Whatever node is asked: the zone has the answer, or all nodes are told.</summary>
        Anybody,

        /// <summary>The customer's owner.</summary>
        Owner,

        /// <summary>The node on which an enrolment, an unlock or a change of custody was begun.</summary>
        WhereItWasBegun,

        /// <summary>The node that is asked, and the reason is beside it.</summary>
        ThisNode,
    }

    private static readonly Dictionary<string, Answers> Table = new()
    {
        ["GetNode"] = Answers.ThisNode, // says which node it is
        ["AdmitNode"] = Answers.ThisNode, // two people vouch for this start of it
        ["DrainNode"] = Answers.ThisNode, // names the start that leaves
        ["GetDrain"] = Answers.ThisNode, // the same
        ["EnrolCustomer"] = Answers.ThisNode, // the plan names the start that makes the secret; nobody owns the customer yet
        ["GiveShare"] = Answers.ThisNode, // is sealed to the start that the custodian verified; with an owner: owned-elsewhere
        ["GiveWrap"] = Answers.ThisNode, // the same
        ["UnlockByToken"] = Answers.ThisNode, // needs a console's certificate: a node's alone has no other node's token open anything
        ["ChallengeCustody"] = Answers.ThisNode, // proof and challenge belong together; needs no owner
        ["ProveCustody"] = Answers.ThisNode, // the same
        ["ConfirmShare"] = Answers.WhereItWasBegun,
        ["LiftLock"] = Answers.WhereItWasBegun,
        ["GetCustomer"] = Answers.Owner,
        ["ChangeCustody"] = Answers.Owner,
        ["RotateCustomer"] = Answers.Owner,
        ["CheckBackup"] = Answers.Owner,
        ["PutCredential"] = Answers.Owner,
        ["DeleteCredential"] = Answers.Owner,
        ["PutNextVersion"] = Answers.Owner,
        ["StageVersion"] = Answers.Owner,
        ["PromoteVersion"] = Answers.Owner,
        ["RetireVersion"] = Answers.Owner,
        ["DeleteVersion"] = Answers.Owner,
        ["PutPolicy"] = Answers.Owner,
        ["PutUser"] = Answers.Owner,
        ["RemoveUser"] = Answers.Owner,
        ["RemoveAgent"] = Answers.Owner,
        ["InviteAgent"] = Answers.Owner,
        ["Launch"] = Answers.Owner,
        ["ReleaseHandOff"] = Answers.Owner,
        ["ListCustomers"] = Answers.Anybody,
        ["LockCustomer"] = Answers.Anybody,
        ["Login"] = Answers.Anybody,
        ["ListCredentials"] = Answers.Anybody,
        ["ListPolicies"] = Answers.Anybody,
        ["ListUsers"] = Answers.Anybody,
        ["ListAgents"] = Answers.Anybody,
        ["ListHandOffs"] = Answers.Anybody,
        ["GetHandOff"] = Answers.Anybody,
        ["ReadLedger"] = Answers.Anybody,
        ["ReadClusterLedger"] = Answers.Anybody,
        ["GetClusterStatus"] = Answers.Anybody,
    };

    public static TheoryData<string> Owned => [.. Table.Where(static c => c.Value == Answers.Owner).Select(static c => c.Key)];

    [Fact]
    public async Task Every_call_should_be_in_the_table_and_go_where_the_table_says()
    {
        await using var node = await OtherNode.StartAsync(world, "dmz-2");

        Assert.Equal(Table.Keys.Order(), node.Calls.Keys.Order());
        Assert.Equal(
            Table.Where(static c => c.Value is Answers.Owner or Answers.WhereItWasBegun).Select(static c => c.Key)
                .Append(EnrolmentRedeeming.Operation).Order(),
            node.Gateway.Owned.Operations.Order());
    }

    // What the call is about is nonsense to it; what counts is who says so: a node that forwards nothing would say "locked".
    [Theory]
    [MemberData(nameof(Owned))]
    public async Task A_call_for_the_owner_should_be_answered_by_it_in_its_words(string call)
    {
        await using var f = await TransferFixture.StartAsync(world);
        var seen = new Seen(f.Other.To(f.Owner));
        f.Other.Know(seen);
        using var here = f.Other.Console();
        using var there = f.Owner.Console();

        var answer = await Send(here, f, call);
        var owners = await Send(there, f, call);

        Assert.Equal([call], seen.Forwarded);
        Assert.Equal(owners, answer);
        Assert.NotEqual(Codes.CustomerLocked, answer.Code);
    }

    [Fact]
    public async Task A_login_at_one_node_should_read_at_every_other()
    {
        await using var f = await TransferFixture.StartAsync(world);
        var launch = f.Customer.Launch();
        await f.Customer.Release(launch);
        var handOff = Protocol.Requests.HandOffId.Of(launch.Hash, TestCustomer.AgentOf(launch)).ToString();
        using var there = f.Owner.Console();
        using var here = f.Other.Console();
        here.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await LogIn(there, f));

        foreach (var (_, path) in f.Other.Calls.Values.Where(static c => c.Method == "GET" && c.Path.Contains("{customer}")))
        {
            using var answer = await here.GetAsync(new Uri(Path(f, path, handOff), UriKind.Relative));
            Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode}");
        }
    }

    [Fact]
    public async Task An_agent_should_be_listed_as_connected_whichever_node_has_its_link()
    {
        await using var f = await TransferFixture.StartAsync(world);
        f.Other.Know(f.Owner);
        using var here = f.Other.Console();
        here.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await LogIn(here, f));

        Assert.False((await Agents(here, f)).Connected);
        f.Owner.Gateway.Agents.Add(f.Customer.Name, f.Agent.Name);

        Assert.True((await Agents(here, f)).Connected);
    }

    private static async Task<AgentModel> Agents(HttpClient client, TransferFixture f)
    {
        var page = await client.GetStringAsync(new Uri($"/v1/customers/{f.Customer.Name}/agents", UriKind.Relative));
        return Assert.Single(JsonSerializer.Deserialize(page, ApiJson.Default.PageModelAgentModel)!.Items);
    }

    internal static async Task<string> LogIn(HttpClient client, TransferFixture f)
    {
        var (reply, code, detail) = await GatewayServer.Post(
            client, $"/v1/customers/{f.Customer.Name}/login",
            SignedRequestModel.From(f.Customer.Request(UserAction.Login, new LoginPayload())), ApiJson.Default.SignedRequestModel,
            ApiJson.Default.TokenModel);
        Assert.True(code is null, $"{code}: {detail}");
        return reply!.Token;
    }

    private static string Path(TransferFixture f, string pattern, string id) => pattern
        .Replace("{customer}", f.Customer.Name.Value, StringComparison.Ordinal)
        .Replace("{name}", "x", StringComparison.Ordinal).Replace("{id}", id, StringComparison.Ordinal);

    private static async Task<(HttpStatusCode Status, string? Code, string? Detail)> Send(HttpClient client, TransferFixture f, string call)
    {
        var (method, pattern) = f.Other.Calls[call];
        using var request = new HttpRequestMessage(
            new HttpMethod(method), new Uri(Path(f, pattern, new string('0', 32)), UriKind.Relative))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (method != "GET")
        {
            request.Content = new StringContent(Body(f, call), Encoding.UTF8);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        using var response = await client.SendAsync(request);
        var problem = response.IsSuccessStatusCode
            ? null
            : JsonSerializer.Deserialize(await response.Content.ReadAsStringAsync(), ApiJson.Default.ProblemModel);
        return (response.StatusCode, problem?.Code, problem?.Detail);
    }

    private static string Body(TransferFixture f, string call)
    {
        var request = SignedRequestModel.From(f.Customer.Request(UserAction.Login, new LoginPayload()));
        return call switch
        {
            "CheckBackup" => JsonSerializer.Serialize(new BackupCheckModel([1, 2, 3]), ApiJson.Default.BackupCheckModel),
            "PutCredential" or "PutNextVersion" => JsonSerializer.Serialize(
                new PutCredentialModel(request, [1, 2, 3]), ApiJson.Default.PutCredentialModel),
            _ => JsonSerializer.Serialize(request, ApiJson.Default.SignedRequestModel),
        };
    }

    /// <summary>A way to a node that remembers which calls went by it.</summary>
    private sealed class Seen(PeerCaller inner) : PeerCaller(inner.Node)
    {
        public ConcurrentQueue<string> Forwarded { get; } = [];

        public override Uri Address => inner.Address;

        public override Task<TReply> CallAsync<TRequest, TReply>(
            ZoneOperation<TRequest, TReply> operation, TRequest request, CancellationToken cancellationToken)
        {
            if (request is ForwardRequest forward)
            {
                Forwarded.Enqueue(forward.Call);
            }

            return inner.CallAsync(operation, request, cancellationToken);
        }
    }
}
