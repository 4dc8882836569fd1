using System.CommandLine;
using Broker.Console.Gateway;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Customers;

/// <summary>
/// <c>brokerctl customer confirm</c>: a holder proves to have opened the share or the wrap; only then is a row accepted.
/// </summary>
internal static class ConfirmCommand
{
    public static Command Create(ConsoleHost host)
    {
        var name = Parsing.NameArgument("name", "The customer");
        var holder = new HolderOptions();
        var command = new Command("confirm", """
            Opens a share or a wrap in locked memory, verifies it, and answers the challenge of the node that made it

            Examples:
              brokerctl customer confirm acme --share shares/carol.share --custodian carol
              brokerctl customer confirm acme --wrap shares/safe.wrap --key safe
            """).With(name);
        return holder.AddTo(command).Runs(host, context => RunAsync(context, context.Get(name), holder));
    }

    private static async Task<int> RunAsync(CommandContext context, Name customer, HolderOptions holder)
    {
        using var kept = holder.Open(context, customer);
        var before = await context.Gateway.GetAsync(GatewayClient.Of(customer), ApiJson.Default.CustomerModel);
        if (before.Challenge is not { Length: 32 } challenge)
        {
            throw new CommandException(
                ExitCode.Refused, "not-enrolling", $"no enrolment of {customer} waits for confirmations: it is {before.State}",
                "if the node was restarted before all had confirmed, the enrolment begins again: brokerctl customer enrol --again");
        }

        var model = await context.Gateway.PostAsync(
            GatewayClient.Of(customer, "/confirmations"), new ConfirmModel(kept.Way.Value, kept.Index, kept.Confirm(challenge)),
            ApiJson.Default.ConfirmModel, ApiJson.Default.CustomerModel);
        if (model.State == "enrolling" && IsComplete(model))
            model = await CustomerWaiting.UntilSettledAsync(context, customer, model, "enrolling");
        context.Print(model, ApiJson.Default.CustomerModel, o => CustomerText.Write(o, model));
        return model.LastFailure is { } failure && model.State is not ("enrolling" or "unlocked")
            ? throw new CommandException(
                ExitCode.Refused, failure, "the enrolment was not committed", "begin again: brokerctl customer enrol --again")
            : ExitCode.Ok;
    }

    // "3 of 3 confirmations given": the node commits.
    private static bool IsComplete(CustomerModel model) =>
        model.Missing.StartsWith($"{model.Given.Count} of {model.Given.Count} ", StringComparison.Ordinal);
}
