using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Broker.Dmz.Custody;
using Broker.Protocol.Identifiers;
using Broker.Secrets;

namespace Broker.Dmz.Tests.Support;

/// <summary>
/// A token of SoftHSM with a key, in a folder of its own, as a node is configured for it. Skips the test where softhsm2 is not installed.
/// </summary>
internal sealed partial class SoftHsm : IDisposable
{
    /// <summary>The module reads the process's environment: one at a time.</summary>
    internal const string Collection = "SoftHSM";

    internal const string Pin = "4711-0815";
    internal static readonly Name Way = Name.Parse("vault");
    internal static readonly Name OtherWay = Name.Parse("cellar");

    private const string Token = "custody";

    private readonly string _folder = Directory.CreateTempSubdirectory("broker-dmz-hsm-").FullName;

    internal SoftHsm()
    {
        Skip.If(Module is null || !HasTool, "SoftHSM is not on this machine: apt-get install softhsm2");
        var configuration = Path.Combine(_folder, "softhsm2.conf");
        Directory.CreateDirectory(Tokens);
        File.WriteAllText(configuration, $"directories.tokendir = {Tokens}\nobjectstore.backend = file\nlog.level = ERROR\n");
        // The module reads the environment that libc has, which the runtime's own does not change.
        Assert.Equal(0, SetEnvironment("SOFTHSM2_CONF", configuration, 1));
        Tool(configuration, "--init-token", "--free", "--label", Token, "--so-pin", "12345678", "--pin", Pin);
        WritePin(Pin);
        using var module = HsmModule.Load(Module!, TimeProvider.System, TimeSpan.FromMinutes(5));
        using var token = Open(module);
        Key = PublicKey.Parse(token.MakeKey(Way.Value, new byte[] { 1 }, SystemRandom.Fill).PublicKey);
        token.MakeKey(OtherWay.Value, new byte[] { 2 }, SystemRandom.Fill);
    }

    /// <summary>The module's path; null where it is not installed.</summary>
    internal static string? Module { get; } = new[]
    {
        Environment.GetEnvironmentVariable("BROKER_SOFTHSM"), "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    }.FirstOrDefault(File.Exists);

    /// <summary>The public half of the key of <see cref="Way"/>.</summary>
    internal PublicKey Key { get; }

    internal IReadOnlyList<TokenWaySettings> Settings =>
        [new(Way, Module!, Token, Way.Value, PinFile), new(OtherWay, Module!, Token, OtherWay.Value, PinFile)];

    private string PinFile => Path.Combine(_folder, "pin");

    private string Tokens => Path.Combine(_folder, "tokens");

    private static bool HasTool { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Any(static folder => File.Exists(Path.Combine(folder, "softhsm2-util")));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Takes the token away while the module uses it; <see cref="PutBack"/> undoes it.</summary>
    internal void TakeOut()
    {
        Directory.Move(Tokens, Tokens + ".out");
        Directory.CreateDirectory(Tokens);
    }

    internal void PutBack()
    {
        Directory.Delete(Tokens, recursive: true);
        Directory.Move(Tokens + ".out", Tokens);
    }

    /// <summary>Writes another PIN to the node's file.</summary>
    internal void WritePin(string pin)
    {
        File.WriteAllText(PinFile, pin + "\n");
        File.SetUnixFileMode(PinFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>As a person does who logs in once by hand: the token forgets the wrong tries.</summary>
    internal static HsmToken Open(HsmModule module)
    {
        using var pin = SecretBuffer.CopyOf(Encoding.UTF8.GetBytes(Pin));
        return module.Open(new HsmTokenName(Token), pin, HsmUse.Administer);
    }

    private static void Tool(string configuration, params string[] arguments)
    {
        var start = new ProcessStartInfo("softhsm2-util", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["SOFTHSM2_CONF"] = configuration;
        using var tool = Process.Start(start)!;
        var said = tool.StandardOutput.ReadToEnd() + tool.StandardError.ReadToEnd();
        tool.WaitForExit();
        Assert.True(tool.ExitCode == 0, said);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
