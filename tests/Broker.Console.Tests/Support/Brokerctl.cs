using Broker.Console.Shell;
using Broker.Secrets;
using Broker.TestKit;
using Microsoft.Win32.SafeHandles;

namespace Broker.Console.Tests.Support;

/// <summary>Runs command lines in this process, with a profile of its own.</summary>
internal sealed class Brokerctl(string profile)
{
    public string Profile { get; } = profile;

    /// <summary>What the next command reads as standard input.</summary>
    public Func<SafeFileHandle> Input { get; set; } = static () => throw new InvalidOperationException("no input");

    public bool InputIsTerminal { get; set; }

    /// <summary>
    /// Runs a command, and again where it did not reach the broker of the test, and so sent nothing: on a machine that stands still for
    /// seconds the handshake takes too long.
    /// </summary>
    public async Task<Ran> RunAsync(params string[] args)
    {
        var begun = TimeProvider.System.GetTimestamp();
        Ran ran;
        do
            ran = await OnceAsync(args);
        while (ran.Error.StartsWith("brokerctl: unreachable: ", StringComparison.Ordinal) &&
            TimeProvider.System.GetElapsedTime(begun) < Patience.Limit);
        return ran;
    }

    /// <summary>Runs a command once. A call may take as long as only one takes that never ends.</summary>
    public async Task<Ran> OnceAsync(params string[] args)
    {
        string[] patient = args.Contains("--timeout") ? [] : ["--timeout", $"{(int)Patience.Limit.TotalSeconds}"];
        using var output = new StringWriter();
        using var error = new StringWriter();
        var host = new ConsoleHost
        {
            Out = output,
            Error = error,
            Time = TimeProvider.System,
            Random = SystemRandom.Fill,
            Environment = static _ => null,
            StandardInput = Input,
            InputIsTerminal = InputIsTerminal,
        };
        var exit = await ConsoleApp.RunAsync(["--profile", Profile, .. patient, .. args], host);
        return new Ran(exit, output.ToString(), error.ToString());
    }

    /// <summary>Runs and expects success.</summary>
    public async Task<string> GoodAsync(params string[] args)
    {
        var ran = await RunAsync(args);
        Assert.True(ran.Exit == 0, $"{string.Join(' ', args)} exited with {ran.Exit}: {ran.Error}");
        return ran.Output;
    }

    /// <summary>Runs and expects an exit code and a problem code.</summary>
    public async Task<Ran> BadAsync(int exit, string code, params string[] args)
    {
        var ran = await RunAsync(args);
        Assert.True(ran.Exit == exit && ran.Error.Contains($"brokerctl: {code}: ", StringComparison.Ordinal),
            $"{string.Join(' ', args)} exited with {ran.Exit}, not {exit} {code}: {ran.Error}");
        return ran;
    }
}

internal sealed record Ran(int Exit, string Output, string Error);
