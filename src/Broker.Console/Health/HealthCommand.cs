using System.CommandLine;
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
        var model = await context.Gateway.GetAsync("/health/ready", ApiJson.Default.HealthModel);
        context.Print(model, ApiJson.Default.HealthModel, o =>
        {
            o.WriteLine(model.Status);
            foreach (var (check, state) in model.Checks.OrderBy(static c => c.Key, StringComparer.Ordinal))
                o.WriteLine($"  {check,-20} {state}");
        });
        return ExitCode.Ok;
    });
}
