using System.CommandLine;
using System.Security.Cryptography;
using Broker.Configuration;
using Broker.Links.Identity;
using Broker.Protocol.Encoding;
using Broker.Secrets;

namespace Broker.Console.Shell;

/// <summary>Binds a command to its work, and every failure to an exit code and one line of text.</summary>
internal static class Running
{
    private const int MaxShown = 4000;

    /// <summary>Sets what the command does.</summary>
    public static Command Runs(this Command command, ConsoleHost host, Func<CommandContext, Task<int>> run)
    {
        command.SetAction(async (parse, cancellation) =>
        {
            using var context = new CommandContext(host, parse, cancellation);
            try
            {
                return await run(context);
            }
            catch (Exception e) when (Explain(e, cancellation) is { } problem)
            {
                Print(host, problem);
                return problem.Exit;
            }
        });
        return command;
    }

    /// <summary>Sets what the command does, where nothing is waited for.</summary>
    public static Command Runs(this Command command, ConsoleHost host, Func<CommandContext, int> run) =>
        command.Runs(host, context => Task.FromResult(run(context)));

    /// <summary>Adds a subcommand and returns the parent.</summary>
    public static Command With(this Command command, params Symbol[] symbols)
    {
        foreach (var symbol in symbols)
        {
            switch (symbol)
            {
                case Command c:
                    command.Subcommands.Add(c);
                    break;
                case Option o:
                    command.Options.Add(o);
                    break;
                case Argument a:
                    command.Arguments.Add(a);
                    break;
            }
        }

        return command;
    }

    private static void Print(ConsoleHost host, CommandException problem)
    {
        host.Error.WriteLine($"brokerctl: {Plain(problem.Code)}: {Plain(problem.Message)}");
        if (problem.Hint is { } hint)
            host.Error.WriteLine("hint: " + hint);
    }

    // What a broker or a file of somebody else said may be in it: shown, but not obeyed by the terminal.
    private static string Plain(string text) =>
        string.Concat(text.Take(MaxShown).Select(static c => char.IsControl(c) && c != '\n' ? '?' : c));

    // What a file or a person can cause; anything else is a defect and keeps its trace.
    private static CommandException? Explain(Exception e, CancellationToken cancellation) => e switch
    {
        CommandException c => c,
        HoconException c => CommandException.Usage(c.Message),
        InstallationKeyException c => CommandException.Usage(c.Message),
        LinkRefusedException c => CommandException.Unverified(c.Refusal.Code(), "a certificate or a signature by one was refused"),
        MalformedException c => new CommandException(ExitCode.Refused, "malformed", c.Message),
        HsmException c => new CommandException(ExitCode.Usage, "token-" + Kebab(c.Failure), c.Message),
        SecretMemoryException c => CommandException.Usage(c.Message),
        SecretMemoryExhaustedException c => CommandException.Usage(c.Message),
        SealedDataException c => CommandException.Unverified("sealed-data-refused", c.Message),
        CryptographicException c => CommandException.Usage(c.Message),
        IOException or UnauthorizedAccessException => CommandException.Usage(e.Message),
        OperationCanceledException when cancellation.IsCancellationRequested =>
            new CommandException(ExitCode.OutcomeUnknown, "interrupted", "interrupted; what was sent may have been done"),
        _ => null,
    };

    // TokenMissing is token-missing, PinWrong token-pin-wrong.
    private static string Kebab(HsmFailure failure) => string.Concat(failure.ToString().Replace("Token", "", StringComparison.Ordinal)
        .Select(static (c, i) => char.IsUpper(c) ? (i > 0 ? "-" : "") + char.ToLowerInvariant(c) : c.ToString()));
}
