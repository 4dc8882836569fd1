namespace Broker.Console.Shell;

/// <summary>Ends a command: printed as <c>brokerctl: CODE: detail</c> and a hint. It never carries a secret.</summary>
/// <param name="exit">A constant of <see cref="ExitCode"/>.</param>
/// <param name="code">A stable code.</param>
/// <param name="detail">What is wrong.</param>
/// <param name="hint">What to do next, where the detail does not say it.</param>
internal sealed class CommandException(int exit, string code, string detail, string? hint = null) : Exception(detail)
{
    public int Exit { get; } = exit;

    public string Code { get; } = code;

    public string? Hint { get; } = hint;

    /// <summary>The command line or a local file is wrong.</summary>
    public static CommandException Usage(string detail, string? hint = null) => new(ExitCode.Usage, "usage", detail, hint);

    /// <summary>Something that was verified does not hold.</summary>
    public static CommandException Unverified(string code, string detail, string? hint = null) =>
        new(ExitCode.VerificationFailed, code, detail, hint);
}
