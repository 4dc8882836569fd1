using Broker.Secrets;
using Microsoft.Win32.SafeHandles;

namespace Broker.Console.Shell;

/// <summary>What commands take from the process that they run in, so that tests run them in theirs.</summary>
internal sealed record ConsoleHost
{
    public required TextWriter Out { get; init; }

    public required TextWriter Error { get; init; }

    public required TimeProvider Time { get; init; }

    public required RandomFill Random { get; init; }

    public required Func<string, string?> Environment { get; init; }

    /// <summary>Where credentials are read from when no file is named; never through a buffered stream.</summary>
    public required Func<SafeFileHandle> StandardInput { get; init; }

    public required bool InputIsTerminal { get; init; }

    /// <summary>The host of the real process.</summary>
    public static ConsoleHost OfProcess() => new()
    {
        Out = System.Console.Out,
        Error = System.Console.Error,
        Time = TimeProvider.System,
        Random = SystemRandom.Fill,
        Environment = System.Environment.GetEnvironmentVariable,
        StandardInput = static () => new SafeFileHandle(0, ownsHandle: false),
        InputIsTerminal = !System.Console.IsInputRedirected,
    };
}
