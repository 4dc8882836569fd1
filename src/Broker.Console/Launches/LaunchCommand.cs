using System.CommandLine;
using System.Globalization;
using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;

namespace Broker.Console.Launches;

/// <summary><c>brokerctl launch</c>.</summary>
internal static class LaunchCommand
{
    public static Command Create(ConsoleHost host)
    {
        var customer = Parsing.Customer();
        var agent = Parsing.NameOption("--agent", "The agent that is to receive", required: true);
        var use = new Option<string[]>("--use")
        {
            Description = "A named use of the agent and the credential for it; all are handed over, or none",
            HelpName = "USE=CREDENTIAL[@VERSION]",
            Required = true,
        };
        var wait = GlobalOptions.Range(
            new("--wait") { Description = "Seconds to wait for the end of the hand-off, 0 to 300", DefaultValueFactory = static _ => 10 },
            0, 300);
        var replaces = new Option<string?>("--replaces")
        {
            Description = "The unconfirmed hand-off that this one follows",
            HelpName = "HAND-OFF",
        };
        var options = new EffectOptions();
        return options.AddTo(new Command("launch", """
            Hands credentials to an agent for named uses

            Exits with 0 when the agent has acknowledged, or when it is on its way and --wait is over.

            Examples:
              brokerctl launch --customer acme --agent web-1 --use start-web=web-password
              brokerctl launch --customer acme --agent db-1 --use db-tls=tls-key@3 --use db-conf=my-cnf --wait 60
            """).With(customer, agent, use, wait, replaces)).Runs(host, context =>
        {
            var payload = new LaunchPayload(context.Need(agent), Items(context.Get(use)!), Replaced(context.Get(replaces))).Encode();
            return Effect.RunAsync(
                context, options, context.Need(customer), UserAction.Launch, _ => (payload, null), context.Get(wait));
        });
    }

    private static List<LaunchItem> Items(string[] texts)
    {
        if (texts.Length > LaunchPayload.MaxItems)
            throw CommandException.Usage($"a launch has at most {LaunchPayload.MaxItems} credentials");
        return [.. texts.Select(Item)];
    }

    private static LaunchItem Item(string text)
    {
        var parts = text.Split('=', 2);
        if (parts.Length != 2)
            throw CommandException.Usage($"--use is USE=CREDENTIAL[@VERSION], not '{text}'");
        var credential = parts[1].Split('@', 2);
        var version = 0U;
        if (credential.Length == 2 &&
            (!uint.TryParse(credential[1], NumberStyles.None, CultureInfo.InvariantCulture, out version) || version == 0))
        {
            throw CommandException.Usage($"the version in '{text}' is a number from 1");
        }

        return new LaunchItem(Parsing.Name(credential[0], "credential"), version, Parsing.Name(parts[0], "use"));
    }

    private static Id16 Replaced(string? text) => text switch
    {
        null => default,
        _ when Id16.TryParse(text, out var id) => id,
        _ => throw CommandException.Usage("--replaces is a hand-off of 32 hexadecimal digits"),
    };
}
