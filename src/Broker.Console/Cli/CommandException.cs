namespace Broker.Console.Cli;

/// <summary>A command cannot go on. The message is for the person at the terminal: what is wrong, and what to do next.</summary>
public sealed class CommandException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">Lower case, without a secret.</param>
    /// <param name="exitCode">One of <see cref="ExitCodes"/>.</param>
    public CommandException(string message, int exitCode = ExitCodes.Usage)
        : base(message) => ExitCode = exitCode;

    /// <summary>What the process exits with.</summary>
    public int ExitCode { get; }
}
