using Broker.Console.Customers;
using Broker.Console.Gateway;
using Broker.Console.Launches;
using Broker.Console.Shell;
using Broker.Protocol.Api;

namespace Broker.Console.Requests;

/// <summary>Answers to effects: verified, kept as witnesses, printed.</summary>
internal static class EffectResults
{
    public static async Task<int> PrintAsync(CommandContext context, EffectRoute route, PinnedCustomer? customer, byte[] answer)
    {
        switch (route.Answer)
        {
            case EffectAnswer.Changed:
                var changed = GatewayClient.Read(answer, ApiJson.Default.ChangedModel);
                var head = customer!.Witness(context, changed.Head);
                context.Print(changed, ApiJson.Default.ChangedModel, o => o.WriteLine($"done: {route.Words}; head {head.Counter}"));
                return ExitCode.Ok;
            case EffectAnswer.HandOff:
                return HandOffText.Print(context, GatewayClient.Read(answer, ApiJson.Default.HandOffModel));
            case EffectAnswer.Locked:
                var locked = GatewayClient.Read(answer, ApiJson.Default.LockedModel);
                context.Print(locked, ApiJson.Default.LockedModel, o =>
                {
                    o.WriteLine($"locked: generation {locked.Generation}; from here on nothing is released");
                    o.WriteLine($"wiped        {Join(locked.Confirmed)}");
                    o.WriteLine($"not certain  {Join(locked.Unconfirmed)}");
                });
                return ExitCode.Ok;
            case EffectAnswer.Customer:
                // The node claims the customer in the zone before the state changes.
                var answered = GatewayClient.Read(answer, ApiJson.Default.CustomerModel);
                var model = await CustomerWaiting.UntilSettledAsync(
                    context, Parsing.Name(answered.Customer, "customer"), answered, "lift-needed");
                context.Print(model, ApiJson.Default.CustomerModel, o => CustomerText.Write(o, model));
                return model.State == "unlocked" ? ExitCode.Ok : throw new CommandException(
                    ExitCode.Locked, model.LastFailure ?? "customer-locked", $"the customer is {model.State}",
                    Problems.Hint("customer-locked"));
            default:
                context.Print(
                    new DoneResult("done", route.Words), ConsoleJson.Default.DoneResult, o => o.WriteLine($"done: {route.Words}"));
                return ExitCode.Ok;
        }
    }

    private static string Join(IReadOnlyList<string> names) => names.Count == 0 ? "nobody" : string.Join(' ', names);
}
