using System.CommandLine;
using Broker.Console.Gateway;
using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Directory;
using Broker.Protocol.Requests;

namespace Broker.Console.Policies;

/// <summary><c>brokerctl policy</c>: to whom and for what credentials are handed over.</summary>
internal static class PolicyCommand
{
    public static Command Create(ConsoleHost host) =>
        new Command("policy", "Sets and shows release policies").With(Put(host), Read(host, isList: true), Read(host, isList: false));

    private static Command Put(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The policy");
        var customer = Parsing.Customer();
        var agents = Parsing.NamesOption("--agent", "An agent that may receive");
        var labels = Parsing.NamesOption("--label", "A label, one of which suffices for an agent");
        var uses = Parsing.NamesOption("--use", "A named use of the agent's configuration that may be asked for");
        var roles = new Option<string[]>("--role")
        {
            Description = "A role that may ask; else operator and administrator",
            DefaultValueFactory = static _ => ["operator", "administrator"],
        };
        roles.AcceptOnlyFromAmong("administrator", "operator", "monitor", "auditor");
        var options = new EffectOptions();
        return options.AddTo(new Command("put", """
            Sets a release policy; widening one needs as many administrators as the customer requires

            What an agent receives, root on its instance can read. A policy without --agent and --label hands nothing over.

            Example:
              brokerctl policy put web --customer acme --agent web-1 --use start-web --use hold
            """).With(name, customer, agents, labels, uses, roles)).Runs(host, context =>
        {
            var payload = new PutPolicyPayload(
                context.Get(name), [.. context.Get(agents)!.Distinct()], [.. context.Get(labels)!.Distinct()],
                [.. context.Get(uses)!.Distinct()],
                [.. context.Get(roles)!.Distinct().Select(Roles.Parse)]);
            if (payload.Policy == ReleasePolicy.Default)
                throw CommandException.Usage($"{ReleasePolicy.Default} is built in and hands nothing over", "choose another name");
            return Effect.RunAsync(context, options, context.Need(customer), UserAction.PutPolicy, _ => (payload.Encode(), null));
        });
    }

    private static Command Read(ConsoleHost host, bool isList)
    {
        var name = Parsing.NameArgument("name", "The policy");
        var customer = Parsing.Customer();
        var command = isList
            ? new Command("list", """
                Lists the release policies

                Example:
                  brokerctl policy list --customer acme
                """)
            : new Command("show", """
                Shows one release policy

                Example:
                  brokerctl policy show web --customer acme
                """).With(name);
        return command.With(customer).Runs(host, async context =>
        {
            await RequestSigner.LoginAsync(context, context.Need(customer));
            var items = await context.Gateway.ListAsync(
                GatewayClient.Of(context.Need(customer), "/policies"), ApiJson.Default.PageModelPolicyModel);
            if (!isList)
            {
                items = items.FindAll(i => i.Policy == context.Get(name).Value);
                if (items.Count == 0)
                    throw new CommandException(
                        ExitCode.NotFound, "policy-unknown", $"there is no policy {context.Get(name)}", "brokerctl policy list");
            }

            context.Print(
                new PageModel<PolicyModel>(items, null), ApiJson.Default.PageModelPolicyModel, o => items.ForEach(p => Write(o, p)));
            return ExitCode.Ok;
        });
    }

    private static void Write(TextWriter o, PolicyModel policy)
    {
        o.WriteLine(policy.Policy);
        o.WriteLine($"  agents  {string.Join(' ', policy.Agents)}");
        o.WriteLine($"  labels  {string.Join(' ', policy.Labels)}");
        o.WriteLine($"  uses    {string.Join(' ', policy.Uses)}");
        o.WriteLine($"  roles   {string.Join(' ', policy.Roles)}");
    }
}
