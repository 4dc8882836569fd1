using System.CommandLine;
using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Protocol.Requests;

namespace Broker.Console.Credentials;

/// <summary><c>brokerctl credential promote</c>.</summary>
internal static class PromoteCommand
{
    public static Command Create(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The credential");
        var customer = Parsing.Customer();
        var version = VersionCommands.VersionOption(required: false);
        var replaces = new Option<uint?>("--replaces")
        {
            Description = "The current version, which is retired; else looked up",
            HelpName = "VERSION",
        };
        var all = new Option<bool>("--hand-over") { Description = "Hands it to every agent that holds an earlier version" };
        var agents = Parsing.NamesOption("--hand-over-to", "Hands it to this agent where it holds an earlier version; repeatable");
        var minutes = GlobalOptions.Range(
            new("--for")
            {
                Description = "Minutes in which agents that are not connected are waited for, 1 to 1440",
                DefaultValueFactory = static _ => 60,
            },
            1, 1440);
        var options = new EffectOptions();
        return options.AddTo(new Command("promote", """
            Makes the staged version the current one, and retires the one before

            With --hand-over the same request has the version handed to the agents that hold an earlier one, each by a hand-off of its
            own, under the release policy and by the uses that they have it for; what an agent then does is its own configuration's
            word (on-rotate). See brokerctl credential show and hand-off list for how far it is.

            Examples:
              brokerctl credential promote web-password --customer acme
              brokerctl credential promote web-password --customer acme --hand-over --for 30
            """).With(name, customer, version, replaces, all, agents, minutes)).Runs(host, async context =>
        {
            var handOver = context.Get(all);
            var to = context.Get(agents) ?? [];
            if (handOver && to.Length > 0)
                throw CommandException.Usage("--hand-over is for all agents, --hand-over-to for those that are named: choose one");
            if (to.Length > PromotePayload.MaxHolders)
                throw CommandException.Usage($"at most {PromotePayload.MaxHolders} agents are named; --hand-over is for all");
            var (number, current) = (context.Get(version), context.Get(replaces));
            if (number is null || current is null)
            {
                var stored = await Stored.NeedAsync(context, context.Need(customer), context.Get(name));
                number ??= await Stored.VersionAsync(context, context.Need(customer), context.Get(name), Stored.Next(stored)?.Version);
                current ??= stored.Version;
            }

            var payload = new PromotePayload(context.Get(name), number.Value, current.Value, handOver, to).Encode();
            return await Effect.RunAsync(
                context, options, context.Need(customer), UserAction.PromoteVersion, _ => (payload, null),
                life: handOver || to.Length > 0 ? TimeSpan.FromMinutes(context.Get(minutes)) : null);
        });
    }
}
