using System.CommandLine;
using Broker.Console.Gateway;
using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Requests;

namespace Broker.Console.Agents;

/// <summary><c>brokerctl agent</c>.</summary>
internal static class AgentCommand
{
    public static Command Create(ConsoleHost host) =>
        new Command("agent", "Invites, lists and removes agents").With(InviteAgentCommand.Create(host), List(host), Remove(host));

    private static Command List(ConsoleHost host)
    {
        var customer = Parsing.Customer();
        return new Command("list", """
            Lists agents with instance, labels, end of their grant and whether they are connected

            Example:
              brokerctl agent list --customer acme
            """).With(customer).Runs(host, async context =>
        {
            await RequestSigner.LoginAsync(context, context.Need(customer));
            var items = await context.Gateway.ListAsync(
                GatewayClient.Of(context.Need(customer), "/agents"), ApiJson.Default.PageModelAgentModel);
            context.Print(new PageModel<AgentModel>(items, null), ApiJson.Default.PageModelAgentModel, o => items.ForEach(a => o.WriteLine(
                ($"{a.Agent,-20} {(a.Connected ? "connected" : "away"),-10} {a.Instance,-24} " +
                    $"until {a.NotAfter:u}  {string.Join(' ', a.Labels)}").TrimEnd())));
            return ExitCode.Ok;
        });
    }

    private static Command Remove(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The agent");
        var customer = Parsing.Customer();
        var options = new EffectOptions();
        return options.AddTo(new Command("remove", """
            Removes an agent: its grant ends and it receives nothing more

            Example:
              brokerctl agent remove web-1 --customer acme
            """).With(name, customer)).Runs(host, context =>
        {
            var payload = new NamePayload(context.Get(name)).Encode();
            return Effect.RunAsync(context, options, context.Need(customer), UserAction.RemoveAgent, _ => (payload, null));
        });
    }
}
