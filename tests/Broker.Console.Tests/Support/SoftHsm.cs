using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Broker.Secrets;

namespace Broker.Console.Tests.Support;

/// <summary>A token of SoftHSM in a folder of its own. Skips the test where softhsm2 is not installed.</summary>
internal sealed partial class SoftHsm : IDisposable
{
    public const string Token = "custody";

    private const string Pin = "4711-0815";

    private readonly string _folder = Directory.CreateTempSubdirectory("brokerctl-hsm-").FullName;

    public SoftHsm()
    {
        Skip.If(Module is null || Tool is null, "SoftHSM is not on this machine: apt-get install softhsm2");
        var configuration = Path.Combine(_folder, "softhsm2.conf");
        var tokens = Directory.CreateDirectory(Path.Combine(_folder, "tokens")).FullName;
        File.WriteAllText(configuration, $"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n");
        // The module reads the environment that libc has, which the runtime's own does not change.
        Assert.Equal(0, SetEnvironment("SOFTHSM2_CONF", configuration, 1));
        string[] arguments = ["--init-token", "--free", "--label", Token, "--so-pin", "12345678", "--pin", Pin];
        var start = new ProcessStartInfo(Tool, arguments) { RedirectStandardOutput = true };
        start.Environment["SOFTHSM2_CONF"] = configuration;
        using var tool = Process.Start(start)!;
        tool.StandardOutput.ReadToEnd();
        tool.WaitForExit();
        Assert.Equal(0, tool.ExitCode);
        File.WriteAllText(PinFile, Pin + "\n");
        File.SetUnixFileMode(PinFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>What names the token on the command line.</summary>
    public string[] Options => ["--pkcs11-module", Module!, "--token", Token, "--pin-file", PinFile];

    private static string? Module { get; } = new[]
    {
        Environment.GetEnvironmentVariable("BROKER_SOFTHSM"), "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    }.FirstOrDefault(File.Exists);

    private static string? Tool { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(static folder => Path.Combine(folder, "softhsm2-util")).FirstOrDefault(File.Exists);

    private string PinFile => Path.Combine(_folder, "pin");

    /// <summary>Does something in the token, as a node does.</summary>
    public static void Do(Action<HsmToken> work)
    {
        using var module = HsmModule.Load(Module!, TimeProvider.System, TimeSpan.FromMinutes(5));
        using var pin = SecretBuffer.CopyOf(Encoding.UTF8.GetBytes(Pin));
        using var token = module.Open(new HsmTokenName(Token), pin, HsmUse.Administer);
        work(token);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
