using Broker.Console.Shell;
using Broker.Secrets;
using Microsoft.Win32.SafeHandles;

namespace Broker.Console.Tests.Support;

/// <summary>Runs command lines in this process, with a profile of its own.</summary>
internal sealed class Brokerctl(string profile)
{
    public string Profile { get; } = profile;

    /// <summary>What the next command reads as standard input.</summary>
    public Func<SafeFileHandle> Input { get; set; } = static () => throw new InvalidOperationException("no input");

    public bool InputIsTerminal { get; set; }

    public async Task<Ran> RunAsync(params string[] args)
    {
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
        var exit = await ConsoleApp.RunAsync(["--profile", Profile, .. args], host);
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
