using System.CommandLine;
using Broker.Console.Gateway;
using Broker.Console.Requests;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Requests;

namespace Broker.Console.Customers;

/// <summary><c>brokerctl customer lock</c> and <c>lift</c>.</summary>
internal static class LockCommands
{
    public static Command Lock(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The customer");
        var reason = new Option<string>("--reason") { Description = "Why, for the audit trail", Required = true };
        var options = new EffectOptions();
        return options.AddTo(new Command("lock", """
            Locks a customer: from the zone's commit on nothing is released, then every holder wipes the key

            Example:
              brokerctl customer lock acme --reason "laptop of an operator was stolen"
            """).With(name, reason)).Runs(host, context =>
        {
            var payload = new LockPayload(0, context.Get(reason)!).Encode();
            return Effect.RunAsync(context, options, context.Get(name), UserAction.Lock, _ => (payload, null));
        });
    }

    public static Command Lift(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The customer");
        var reason = new Option<string>("--reason") { Description = "Why, for the audit trail", DefaultValueFactory = static _ => "" };
        var options = new EffectOptions();
        return options.AddTo(new Command("lift", """
            Lifts a lock, after the custodians gave their shares

            Example:
              brokerctl customer lift acme --reason "laptop was found"
            """).With(name, reason)).Runs(host, async context =>
        {
            var model = await context.Gateway.GetAsync(GatewayClient.Of(context.Get(name)), ApiJson.Default.CustomerModel);
            var payload = new LockPayload(model.LockGeneration, context.Get(reason)!).Encode();
            return await Effect.RunAsync(context, options, context.Get(name), UserAction.LiftLock, _ => (payload, null));
        });
    }
}
