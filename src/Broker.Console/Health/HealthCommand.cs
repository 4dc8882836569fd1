using System.CommandLine;
using System.Net;
using System.Text.Json;
using Broker.Console.Shell;
using Broker.Protocol.Api;

namespace Broker.Console.Health;

/// <summary><c>brokerctl health</c>.</summary>
internal static class HealthCommand
{
    public static Command Create(ConsoleHost host) => new Command("health", """
        Asks the broker whether it is ready, and what is not

        Example:
          brokerctl health --output json
        """).Runs(host, async context =>
    {
        var (status, answer) = await context.Gateway.ReadyAsync();
        var model = Read(answer);
        context.Print(model, ApiJson.Default.HealthModel, o =>
        {
            o.WriteLine(model.Status);
            foreach (var (check, state) in model.Checks.OrderBy(static c => c.Key, StringComparer.Ordinal))
                o.WriteLine($"  {check,-20} {state}");
        });
        return status == HttpStatusCode.OK
            ? ExitCode.Ok
            : throw new CommandException(ExitCode.Unreachable, "not-ready", $"the node is {model.Status}");
    });

    /// <summary>Reads the checks as an object of texts, or as a list of conditions with a name, whether it is good, and a detail.</summary>
    internal static HealthModel Read(byte[] answer)
    {
        try
        {
            using var document = JsonDocument.Parse(answer, new JsonDocumentOptions { MaxDepth = 8 });
            var root = document.RootElement;
            var checks = root.TryGetProperty("conditions", out var conditions)
                ? conditions.EnumerateArray().ToDictionary(static c => Text(c, "name"), static c =>
                    (c.GetProperty("good").GetBoolean() ? "good" : "not good") + (Text(c, "detail") is { Length: > 0 } detail ? ": " + detail : ""))
                : root.GetProperty("checks").EnumerateObject().ToDictionary(static c => c.Name, static c => c.Value.GetString() ?? "");
            return new HealthModel(Text(root, "status"), checks);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw CommandException.Unverified("answer-malformed", "the broker's answer is not of the form of this version");
        }
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString() ?? "";
}
