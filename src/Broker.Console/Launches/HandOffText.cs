using Broker.Console.Gateway;
using Broker.Console.Shell;
using Broker.Protocol.Api;
using Broker.Protocol.Ledger;

namespace Broker.Console.Launches;

/// <summary>A hand-off for people, and the exit code that its state has.</summary>
internal static class HandOffText
{
    /// <summary>Prints one; a bad end is an error.</summary>
    public static int Print(CommandContext context, HandOffModel model)
    {
        context.Print(model, ApiJson.Default.HandOffModel, o => Write(o, model));
        return Exit(context, model);
    }

    public static void Write(TextWriter o, HandOffModel model) => o.WriteLine(
        ($"{model.HandOff} {model.Agent,-16} {State(model),-26} attempt {model.Attempt}  " +
            $"{model.User,-12} {model.Released:u} {model.Code}").TrimEnd() +
        (model.Replaces.Length > 0 ? $"  in place of {model.Replaces}" : ""));

    /// <summary>Whether nothing more can happen to it.</summary>
    public static bool HasEnded(HandOffModel model) =>
        HandOffState.EndsUse(model.UseState) || (HandOffState.EndsHandOff(model.State) && model.State != HandOffState.Acknowledged);

    private static int Exit(CommandContext context, HandOffModel model)
    {
        var (exit, detail) = model switch
        {
            { State: HandOffState.Refused } => (ExitCode.Refused, "the agent did not open it"),
            { State: HandOffState.NotSent } => (ExitCode.Refused, "nothing was sent"),
            { State: HandOffState.Unconfirmed } =>
                (ExitCode.OutcomeUnknown, "it may have arrived: treat what it held as exposed; it is never repeated"),
            { UseState: HandOffState.UseFailed } => (ExitCode.Refused, "the use failed"),
            { UseState: HandOffState.UseUnknown } => (ExitCode.OutcomeUnknown, "the agent was lost before it told how the use ended"),
            _ => (ExitCode.Ok, ""),
        };
        if (exit == ExitCode.Ok)
            return exit;
        context.Note($"{(model.Code.Length > 0 ? model.Code : State(model))}: {detail}");
        if (Problems.Hint(model.Code) is { } hint)
            context.Host.Error.WriteLine("hint: " + hint);
        return exit;
    }

    private static string State(HandOffModel model) => model.UseState.Length > 0 ? $"{model.State}, {model.UseState}" : model.State;
}
