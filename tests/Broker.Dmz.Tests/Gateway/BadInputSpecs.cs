using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Broker.Dmz.Tests.Support;
using Broker.Links.Identity;
using Broker.Protocol.Api;
using Broker.Protocol.Directory;
using Broker.Protocol.Requests;

namespace Broker.Dmz.Tests.Gateway;

/// <summary>Whatever comes in at the gateway, what goes out is a problem with a stable code, and nothing of an inner cause.</summary>
public sealed class BadInputSpecs(DmzWorld world) : IClassFixture<DmzWorld>, IAsyncLifetime
{
    private const string Launches = "/v1/customers/acme/launches";

    private static readonly Dictionary<string, (HttpStatusCode Status, string Code, Func<HttpRequestMessage> Make)> Inputs = new()
    {
        ["truncated JSON"] = (HttpStatusCode.BadRequest, "malformed", () => Post("{\"statement\":\"AA")),
        ["nothing"] = (HttpStatusCode.BadRequest, "malformed", () => Post("")),
        ["null"] = (HttpStatusCode.BadRequest, "malformed", () => Post("null")),
        ["an array"] = (HttpStatusCode.BadRequest, "malformed", () => Post("[]")),
        ["wrong types"] = (HttpStatusCode.BadRequest, "malformed", () => Post("{\"statement\":1,\"payload\":true,\"signatures\":\"\"}")),
        ["a missing member"] = (HttpStatusCode.BadRequest, "malformed", () => Post("{\"statement\":\"AA==\"}")),
        ["a null signature"] =
            (HttpStatusCode.BadRequest, "malformed", () => Post("{\"statement\":\"AA==\",\"payload\":\"AA==\",\"signatures\":[null]}")),
        ["no signature"] =
            (HttpStatusCode.BadRequest, "malformed", () => Post("{\"statement\":\"AA==\",\"payload\":\"AA==\",\"signatures\":[]}")),
        ["a duplicate key"] = (HttpStatusCode.BadRequest, "malformed", () => Post(
            "{\"statement\":\"AA==\",\"statement\":\"AA==\",\"payload\":\"AA==\",\"signatures\":[]}")),
        ["an unknown key"] = (HttpStatusCode.BadRequest, "malformed", () => Post(
            "{\"statement\":\"AA==\",\"payload\":\"AA==\",\"signatures\":[],\"more\":1}")),
        ["deep nesting"] = (HttpStatusCode.BadRequest, "malformed", () => Post(new string('[', 10_000))),
        ["invalid UTF-8"] = (HttpStatusCode.BadRequest, "malformed", () => Post([.. "{\"statement\":\""u8, 0xC3, 0x28, .. "\"}"u8])),
        ["no base64"] =
            (HttpStatusCode.BadRequest, "malformed", () => Post("{\"statement\":\"%%\",\"payload\":\"AA==\",\"signatures\":[]}")),
        ["bytes that are no request"] = (HttpStatusCode.BadRequest, "malformed", () => Post(Request([1, 2, 3], [4, 5, 6]))),
        ["another content type"] = (HttpStatusCode.BadRequest, "malformed", () => Post("{}", "text/plain")),
        ["an oversized body"] =
            (HttpStatusCode.RequestEntityTooLarge, "upload-too-large", () => Post(new string(' ', ApiRoutes.MaxBody + 1))),
        ["a name that is none"] = (HttpStatusCode.BadRequest, "malformed", () => Get("/v1/customers/NOT%20A%20NAME")),
        ["another name than was signed"] =
            (HttpStatusCode.BadRequest, "malformed", () => Put("/v1/customers/acme/policies/other", Policy("web"))),
        ["the last version that there is"] =
            (HttpStatusCode.BadRequest, "malformed", () => Put("/v1/customers/acme/credentials/db", LastVersion())),
        ["an unknown customer"] =
            (HttpStatusCode.NotFound, "unknown-customer", () => Put("/v1/customers/nobody/policies/web", Policy("web"))),
        ["no token"] = (HttpStatusCode.Unauthorized, "token-needed", () => Get("/v1/customers/acme/credentials")),
        ["a limit that is no number"] = (HttpStatusCode.BadRequest, "malformed", () => Get("/v1/customers?limit=many")),
        ["a limit of nothing"] = (HttpStatusCode.BadRequest, "malformed", () => Get("/v1/customers?limit=0")),
        ["a path that there is not"] = (HttpStatusCode.NotFound, "not-found", () => Get("/v1/secrets")),
        ["a method that there is not"] = (HttpStatusCode.NotFound, "not-found", () =>
            new HttpRequestMessage(HttpMethod.Delete, Launches) { Version = HttpVersion.Version20 }),
    };

    private GatewayServer? _gateway;

    public static TheoryData<string> Names => [.. Inputs.Keys];

    public async Task InitializeAsync() => _gateway = await GatewayServer.StartAsync(world);

    public async Task DisposeAsync() => await _gateway!.DisposeAsync();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_gateway_should_answer_with_a_problem_to(string input)
    {
        using var client = _gateway!.Client(world.Console);
        using var request = Inputs[input].Make();

        using var response = await client.SendAsync(request);

        await ShouldBeProblem(response, Inputs[input].Status, Inputs[input].Code);
    }

    [Theory]
    [InlineData(LinkRole.Dmz)]
    [InlineData(LinkRole.Agent)]
    [InlineData(LinkRole.Zone)]
    public async Task A_gateway_should_refuse_other_roles_than_consoles(LinkRole role)
    {
        using var key = role == LinkRole.Agent ? world.Authority.Agent("acme", "web-1") : world.Authority.Issue(role, "other");
        using var client = _gateway!.Client(key);
        foreach (var make in new Func<HttpRequestMessage>[] { () => Get("/v1/node"), () => Get("/v1/customers"), () => Post("{}") })
        {
            using var request = make();
            using var response = await client.SendAsync(request);
            await ShouldBeProblem(response, HttpStatusCode.Forbidden, "wrong-role");
        }
    }

    private static async Task ShouldBeProblem(HttpResponseMessage response, HttpStatusCode status, string code)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.Equal((status, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        var problem = JsonSerializer.Deserialize(text, ApiJson.Default.ProblemModel)!;
        Assert.Equal((code, (int)status, $"urn:broker:problem:{code}"), (problem.Code, problem.Status, problem.Type));
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", text, StringComparison.Ordinal);
    }

    private static HttpRequestMessage Get(string path) => new(HttpMethod.Get, path) { Version = HttpVersion.Version20 };

    private static HttpRequestMessage Post(string body, string type = "application/json") => Post(Encoding.UTF8.GetBytes(body), type);

    private static HttpRequestMessage Post(byte[] body, string type = "application/json") => With(HttpMethod.Post, Launches, body, type);

    private static HttpRequestMessage Put(string path, byte[] body) => With(HttpMethod.Put, path, body, "application/json");

    private static HttpRequestMessage With(HttpMethod method, string path, byte[] body, string type) => new(method, path)
    {
        Version = HttpVersion.Version20,
        Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(type) } },
    };

    private static byte[] Request(byte[] statement, byte[] payload) => JsonSerializer.SerializeToUtf8Bytes(
        new SignedRequestModel(statement, payload, [new UserSignatureModel("alice", new byte[64])]), ApiJson.Default.SignedRequestModel);

    private static byte[] Policy(string name) => Request(
        [1], new PutPolicyPayload(TestCustomer.N(name), [], [], [], [Role.Operator]).Encode());

    private static byte[] LastVersion()
    {
        var payload = new PutCredentialPayload(
            TestCustomer.N("db"), CredentialKind.Password, TestCustomer.N("web"), uint.MaxValue, default);
        return JsonSerializer.SerializeToUtf8Bytes(
            new PutCredentialModel(new SignedRequestModel([1], payload.Encode(), [new UserSignatureModel("alice", new byte[64])]), [1]),
            ApiJson.Default.PutCredentialModel);
    }
}
