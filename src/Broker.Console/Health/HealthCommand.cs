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
            foreach (var condition in model.Conditions)
            {
                var detail = condition.Detail.Length > 0 ? ": " + condition.Detail : "";
                o.WriteLine($"  {condition.Name,-20} {(condition.Good ? "good" : "not good")}{detail}");
            }
            var gauges = model.Gauges ?? new Dictionary<string, long>();
            foreach (var (gauge, value) in gauges.OrderBy(static g => g.Key, StringComparer.Ordinal))
                o.WriteLine($"  {gauge,-20} {value}");
        });
        return status == HttpStatusCode.OK
            ? ExitCode.Ok
            : throw new CommandException(ExitCode.Unreachable, "not-ready", $"the node is {model.Status}");
    });

    internal static HealthModel Read(byte[] answer)
    {
        try
        {
            // The serializer refuses null for a member, not for an element of a list.
            return JsonSerializer.Deserialize(answer, ApiJson.Default.HealthModel) is { } model && model.Conditions.All(
                static c => c is not null)
                ? model
                : throw new JsonException();
        }
        catch (JsonException)
        {
            throw CommandException.Unverified("answer-malformed", "the broker's answer is not of the form of this version");
        }
    }
}
