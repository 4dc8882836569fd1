using System.CommandLine;
using Broker.Console.Custody;
using Broker.Console.Gateway;
using Broker.Console.Shell;
using Broker.Protocol.Api;

namespace Broker.Console.Customers;

/// <summary><c>brokerctl customer</c>.</summary>
internal static class CustomerCommand
{
    public static Command Create(ConsoleHost host) => new Command(
        "customer", "Enrols, unlocks, locks and rotates customers, changes their custody").With(
        EnrolCommand.Create(host), ConfirmCommand.Create(host), Status(host), List(host), UnlockCommand.Create(host),
        VerifyCustodyCommand.Create(host), LockCommands.Lock(host), LockCommands.Lift(host), CustodyCommand.Create(host),
        RotateCommand.Create(host));

    private static Command Status(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The customer");
        return new Command("status", """
            Shows the state of a customer, what is missing, its head and fence

            Example:
              brokerctl customer status acme --output json
            """).With(name).Runs(host, async context =>
        {
            var model = await context.Gateway.GetAsync(GatewayClient.Of(context.Get(name)), ApiJson.Default.CustomerModel);
            context.Print(model, ApiJson.Default.CustomerModel, o => CustomerText.Write(o, model));
            return ExitCode.Ok;
        });
    }

    private static Command List(ConsoleHost host) => new Command("list", """
        Lists the customers

        Example:
          brokerctl customer list
        """).Runs(host, async context =>
    {
        var names = await context.Gateway.ListAsync(ApiRoutes.V1 + "/customers", ApiJson.Default.PageModelString);
        context.Print(new PageModel<string>(names, null), ApiJson.Default.PageModelString, o => names.ForEach(o.WriteLine));
        return ExitCode.Ok;
    });
}
