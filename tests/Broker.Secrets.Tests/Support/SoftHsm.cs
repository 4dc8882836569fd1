using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Broker.Secrets.Tests;

/// <summary>
/// Tokens of SoftHSM in a folder of their own, which goes with them. Skips the test where Debian's softhsm2 is not installed.
/// </summary>
internal sealed partial class SoftHsm : IDisposable
{
    internal const string Label = "custody";
    internal const string Pin = "4711-0815";
    internal static readonly HsmTokenName Name = new(Label);

    private readonly string _folder = Directory.CreateTempSubdirectory("broker-hsm-").FullName;

    internal SoftHsm(params string[] labels)
    {
        Skip.If(Path is null || !HasTool, "SoftHSM is not on this machine: apt-get install softhsm2");
        var configuration = System.IO.Path.Combine(_folder, "softhsm2.conf");
        Directory.CreateDirectory(Tokens);
        File.WriteAllText(configuration, $"directories.tokendir = {Tokens}\nobjectstore.backend = file\nlog.level = ERROR\n");
        // The module reads the environment that libc has, which the runtime's own does not change.
        Assert.Equal(0, SetEnvironment("SOFTHSM2_CONF", configuration, 1));
        foreach (var label in labels.Length == 0 ? [Label] : labels)
            Tool(configuration, "--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", Pin);
        Module = Load();
    }

    /// <summary>The module's path; null where it is not installed.</summary>
    internal static string? Path { get; } = new[]
    {
        Environment.GetEnvironmentVariable("BROKER_SOFTHSM"), "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    }.FirstOrDefault(File.Exists);

    internal HsmModule Module { get; private set; }

    private static bool HasTool { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Any(static folder => File.Exists(System.IO.Path.Combine(folder, "softhsm2-util")));

    private string Tokens => System.IO.Path.Combine(_folder, "tokens");

    public void Dispose()
    {
        Module.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    internal HsmToken Open(HsmUse use = HsmUse.Administer, string pin = Pin, HsmTokenName? name = null)
    {
        using var secret = SecretBuffer.CopyOf(Encoding.UTF8.GetBytes(pin));
        return Module.Open(name ?? Name, secret, use);
    }

    /// <summary>Takes the tokens away while the module uses them; <see cref="PutBack"/> undoes it.</summary>
    internal void TakeOut() => Directory.Move(Tokens, Tokens + ".out");

    internal void PutBack() => Directory.Move(Tokens + ".out", Tokens);

    /// <summary>SoftHSM looks for tokens only when it begins.</summary>
    internal void LoadAgain()
    {
        Module.Dispose();
        Module = Load();
    }

    /// <summary>The serial number of a token.</summary>
    internal string SerialOf(string label) => Module.Tokens().Single(t => t.Label == label).Serial;

    private static HsmModule Load() => HsmModule.Load(Path!, TimeProvider.System, TimeSpan.FromMinutes(5));

    private static void Tool(string configuration, params string[] arguments)
    {
        var start = new ProcessStartInfo("softhsm2-util", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["SOFTHSM2_CONF"] = configuration;
        using var tool = Process.Start(start)!;
        var said = tool.StandardOutput.ReadToEnd() + tool.StandardError.ReadToEnd();
        tool.WaitForExit();
        Assert.True(tool.ExitCode == 0 && Initialized().IsMatch(said), said);
    }

    [GeneratedRegex("initialized and is reassigned")]
    private static partial Regex Initialized();

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
