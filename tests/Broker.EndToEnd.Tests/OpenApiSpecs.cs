using System.Text.Json;
using System.Text.RegularExpressions;
using Broker.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>The OpenAPI document as a DMZ node serves it: whole enough to generate a client from, and no call that is not in it.</summary>
[Collection(Certificates.Collection)]
public sealed partial class OpenApiSpecs(Certificates certificates, ITestOutputHelper output)
{
    private static readonly string[] Methods = ["get", "put", "post", "delete"];

    [Fact]
    public async Task Document_should_describe_every_call()
    {
        await using var cluster = await Cluster.StartAsync(certificates);
        await cluster.RunAsync(output, async () =>
        {
            using var document = JsonDocument.Parse(await cluster.Api.TextAsync("/openapi/v1.json"));
            var root = document.RootElement;
            var calls = Calls(root).ToList();
            var seen = string.Join('\n', calls.Select(c => Line(c.Path, c.Method, c.Call)).Order(StringComparer.Ordinal)) + "\n";
            var baseline = Path.Combine(Executables.Repository, "tests", "Broker.EndToEnd.Tests", "Baselines", "api.txt");
            if (Environment.GetEnvironmentVariable("BROKER_ACCEPT_BASELINES") == "1")
                await File.WriteAllTextAsync(baseline, seen);
            Assert.Equal(await File.ReadAllTextAsync(baseline), seen);

            Assert.Equal(calls.Count, calls.Select(static c => Text(c.Call, "operationId")).Distinct().Count());
            foreach (var (path, _, call) in calls)
                ShouldBeWhole(root, path, call);
            ShouldRefer(root, root);
            foreach (var schema in root.GetProperty("components").GetProperty("schemas").EnumerateObject())
                ShouldBeTyped(schema.Name, schema.Value);
        });
    }

    private static IEnumerable<(string Path, string Method, JsonElement Call)> Calls(JsonElement root) =>
        from path in root.GetProperty("paths").EnumerateObject()
        from call in path.Value.EnumerateObject()
        where Methods.Contains(call.Name)
        select (path.Name, call.Name, call.Value);

    private static string Line(string path, string method, JsonElement call)
    {
        var parameters = Parameters(call).Select(static p => (Text(p, "in") == "query" ? "?" : "") + Text(p, "name"));
        var replies = call.GetProperty("responses").EnumerateObject().Where(static r => IsSuccess(r.Name)).Select(
            static r => $"{r.Name} {Schema(r.Value)}");
        var body = call.TryGetProperty("requestBody", out var taken) ? " " + Schema(taken) : "";
        var signature = $"{Text(call, "operationId")}({string.Join(", ", parameters)}){body}";
        return $"{method.ToUpperInvariant()} {path} {signature} -> {string.Join(", ", replies)}";
    }

    private static void ShouldBeWhole(JsonElement root, string path, JsonElement call)
    {
        Assert.Matches("^[A-Z][A-Za-z]+$", Text(call, "operationId"));
        Assert.NotEmpty(Text(call, "summary"));
        Assert.NotEmpty(call.GetProperty("tags").EnumerateArray());
        var inPath = Parameters(call).Where(static p => Text(p, "in") == "path").ToList();
        Assert.Equal(Placeholders().Matches(path).Select(static m => m.Groups[1].Value), inPath.Select(static p => Text(p, "name")));
        Assert.All(inPath, static p => Assert.True(p.GetProperty("required").GetBoolean()));
        Assert.All(Parameters(call), static p => Assert.True(
            p.GetProperty("schema").TryGetProperty("type", out _) && Text(p, "description").Length > 0));
        if (!path.StartsWith("/v1/", StringComparison.Ordinal))
            return;
        var problems = call.GetProperty("responses").EnumerateObject().Where(static r => !IsSuccess(r.Name)).ToList();
        Assert.Superset(
            new HashSet<string> { "400", "403", "404", "429", "500", "503", "504" }, problems.Select(static r => r.Name).ToHashSet());
        Assert.All(problems, static r => Assert.EndsWith(
            "/ProblemModel", Reference(r.Value, "application/problem+json"), StringComparison.Ordinal));
        Assert.All(problems, static r => Assert.EndsWith(".", Text(r.Value, "description"), StringComparison.Ordinal));
        var needs = call.GetProperty("security")[0].EnumerateObject().Select(static s => s.Name).ToList();
        Assert.Equal("consoleCertificate", needs[0]);
        Assert.Equal(needs.Contains("loginToken"), problems.Any(static r => r.Name == "401"));
        Assert.All(needs, n => Assert.True(root.GetProperty("components").GetProperty("securitySchemes").TryGetProperty(n, out _)));
    }

    // Each $ref names what is there.
    private static void ShouldRefer(JsonElement root, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    if (member.Name == "$ref")
                        Assert.NotEqual(JsonValueKind.Undefined, Find(root, member.Value.GetString()!).ValueKind);
                    ShouldRefer(root, member.Value);
                }

                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                    ShouldRefer(root, item);
                break;
            default:
                break;
        }
    }

    private static JsonElement Find(JsonElement root, string reference)
    {
        Assert.StartsWith("#/", reference, StringComparison.Ordinal);
        return reference[2..].Split('/').Aggregate(root, (at, part) => at.TryGetProperty(part, out var next)
            ? next
            : throw new InvalidOperationException($"{reference} refers to nothing"));
    }

    private static void ShouldBeTyped(string name, JsonElement schema)
    {
        Assert.True(Text(schema, "description").Length > 0, $"{name} has no description");
        foreach (var member in schema.GetProperty("properties").EnumerateObject())
        {
            Assert.True(
                member.Value.TryGetProperty("type", out var type) || member.Value.TryGetProperty("$ref", out _)
                    || member.Value.TryGetProperty("oneOf", out _),
                $"{name}.{member.Name} has no type");
            // A number is a number: the gateway takes no text for it.
            Assert.False(
                type.ValueKind == JsonValueKind.Array && type.EnumerateArray().Any(static t => t.GetString() == "integer")
                    && type.GetRawText().Contains("string", StringComparison.Ordinal),
                $"{name}.{member.Name} is {type}");
        }
    }

    private static List<JsonElement> Parameters(JsonElement call) =>
        call.TryGetProperty("parameters", out var parameters) ? [.. parameters.EnumerateArray()] : [];

    private static string Schema(JsonElement of) => Reference(of, "application/json").Split('/')[^1];

    private static string Reference(JsonElement of, string type) =>
        of.GetProperty("content").GetProperty(type).GetProperty("schema").GetProperty("$ref").GetString()!;

    private static string Text(JsonElement of, string name) => of.TryGetProperty(name, out var text) ? text.GetString() ?? "" : "";

    private static bool IsSuccess(string status) => status[0] == '2';

    [GeneratedRegex("{([a-z]+)}")]
    private static partial Regex Placeholders();
}
