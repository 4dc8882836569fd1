using System.Diagnostics;

namespace Broker.MemoryScanner.Tests;

/// <summary>A child process that holds a secret in one form.</summary>
internal sealed class VictimProcess : IDisposable
{
    private const byte Mask = 0x5A;

    private readonly Process _process;

    private VictimProcess(Process process, bool isSupported)
    {
        _process = process;
        IsSupported = isSupported;
    }

    public int Id => _process.Id;

    /// <summary>Whether this kernel has the memory that the form needs.</summary>
    public bool IsSupported { get; }

    public static async Task<VictimProcess> HoldAsync(string form, ReadOnlyMemory<byte> secret)
    {
        var masked = Convert.ToHexString([.. secret.ToArray().Select(b => (byte)(b ^ Mask))]);
        var process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "scan-victim"), [form, masked])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var line = await process.StandardOutput.ReadLineAsync();
        Assert.Contains(line, new[] { "holds", "unsupported" });
        return new VictimProcess(process, line == "holds");
    }

    public async Task WipeAsync()
    {
        await _process.StandardInput.WriteLineAsync();
        Assert.Equal("wiped", await _process.StandardOutput.ReadLineAsync());
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
