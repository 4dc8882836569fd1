using System.CommandLine;
using Broker.Console.Gateway;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Customers;

/// <summary><c>brokerctl customer confirm</c>: a custodian proves to have opened the share; only then is a row accepted.</summary>
internal static class ConfirmCommand
{
    public static Command Create(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The customer");
        var custodian = new CustodianOptions();
        var command = new Command("confirm", """
            Opens a share in locked memory, verifies it, and answers the challenge of the node that made it

            Example:
              brokerctl customer confirm acme --share shares/carol.share --custodian carol
            """).With(name);
        return custodian.AddTo(command).Runs(host, context => RunAsync(context, context.Get(name), custodian));
    }

    private static async Task<int> RunAsync(CommandContext context, Name customer, CustodianOptions custodian)
    {
        using var share = custodian.Open(context, customer);
        var before = await context.Gateway.GetAsync(GatewayClient.Of(customer), ApiJson.Default.CustomerModel);
        if (before.Challenge is not { Length: 32 } challenge)
        {
            throw new CommandException(
                ExitCode.Refused, "not-enrolling", $"no enrolment of {customer} waits for confirmations: it is {before.State}",
                "if the node was restarted before all had confirmed, the enrolment begins again: brokerctl customer enrol --again");
        }

        var model = await context.Gateway.PostAsync(
            GatewayClient.Of(customer, "/confirmations"), new ConfirmModel("shares", share.Index, share.Confirm(challenge)),
            ApiJson.Default.ConfirmModel, ApiJson.Default.CustomerModel);
        if (model.State != "unlocked" && model.Given.Count >= share.Count)
            model = await CustomerWaiting.UntilSettledAsync(context, customer, model, "enrolling");
        context.Print(model, ApiJson.Default.CustomerModel, o => CustomerText.Write(o, model));
        return model.LastFailure is { } failure && model.State is not ("enrolling" or "unlocked")
            ? throw new CommandException(
                ExitCode.Refused, failure, "the enrolment was not committed", "begin again: brokerctl customer enrol --again")
            : ExitCode.Ok;
    }
}
