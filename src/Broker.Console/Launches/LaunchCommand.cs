using System.CommandLine;
using System.Globalization;
using Broker.Console.Credentials;
using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Protocol.Directory;
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

            Without a version it is the current one. VERSION is a number, or staged: the version that credential promote would make
            the current one. A pending or retired version is not handed over.

            Exits with 0 when the agent has acknowledged, or when it is on its way and --wait is over.

            Examples:
              brokerctl launch --customer acme --agent web-1 --use start-web=web-password
              brokerctl launch --customer acme --agent db-1 --use db-tls=tls-key@3 --use db-conf=my-cnf --wait 60
              brokerctl launch --customer acme --agent test-1 --use start-web=web-password@staged
            """).With(customer, agent, use, wait, replaces)).Runs(host, async context =>
        {
            var items = new List<LaunchItem>();
            foreach (var text in Texts(context.Get(use)!))
                items.Add(await ItemAsync(context, context.Need(customer), text));
            var payload = new LaunchPayload(context.Need(agent), items, Replaced(context.Get(replaces))).Encode();
            return await Effect.RunAsync(
                context, options, context.Need(customer), UserAction.Launch, _ => (payload, null), context.Get(wait));
        });
    }

    private static string[] Texts(string[] texts) => texts.Length <= LaunchPayload.MaxItems
        ? texts
        : throw CommandException.Usage($"a launch has at most {LaunchPayload.MaxItems} credentials");

    private static async Task<LaunchItem> ItemAsync(CommandContext context, Name customer, string text)
    {
        var parts = text.Split('=', 2);
        if (parts.Length != 2)
            throw CommandException.Usage($"--use is USE=CREDENTIAL[@VERSION], not '{text}'");
        var named = parts[1].Split('@', 2);
        var (credential, use) = (Parsing.Name(named[0], "credential"), Parsing.Name(parts[0], "use"));
        var version = named is [_, var word] ? await VersionAsync(context, customer, credential, word, text) : 0;
        return new LaunchItem(credential, version, use);
    }

    // What is signed is the number: a broker that lies about it is refused by the key, or hands over a version that may be had.
    private static async Task<uint> VersionAsync(CommandContext context, Name customer, Name credential, string word, string text)
    {
        if (word == VersionStage.Current.ToText())
            return 0;
        if (word == VersionStage.Staged.ToText())
            return (await Stored.NeedAsync(context, customer, credential)).Versions
                .FirstOrDefault(static v => v.Stage == VersionStage.Staged.ToText())?.Version ?? throw new CommandException(
                    ExitCode.NotFound, "version-not-staged", $"no version of {credential} is staged", "brokerctl credential show");
        return uint.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version > 0
            ? version
            : throw CommandException.Usage($"the version in '{text}' is a number from 1, staged or current");
    }

    private static Id16 Replaced(string? text) => text switch
    {
        null => default,
        _ when Id16.TryParse(text, out var id) => id,
        _ => throw CommandException.Usage("--replaces is a hand-off of 32 hexadecimal digits"),
    };
}
