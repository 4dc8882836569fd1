using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Broker.MemoryScanner.Tests;

public sealed class CommandSpecs : IDisposable
{
    private readonly string _needle = Path.GetTempFileName();

    public CommandSpecs() => File.WriteAllBytes(_needle, Samples.Secret);

    public void Dispose() => File.Delete(_needle);

    [Fact]
    public async Task Command_should_exit_3_with_a_table_while_the_secret_is_held_and_0_afterwards()
    {
        using var victim = await VictimProcess.HoldAsync("string", Samples.Secret);
        string[] arguments = ["--needle", "pw=" + _needle, "--stop", "--pid", victim.Id.ToString(CultureInfo.InvariantCulture)];

        var (code, output, _) = await RunAsync(arguments);
        Assert.Equal(3, code);
        Assert.Contains("(scan-victim): 1 found, ", output, StringComparison.Ordinal);
        Assert.Contains("utf-16", output, StringComparison.Ordinal);

        (code, output, _) = await RunAsync([.. arguments, "--json"]);
        Assert.Equal(3, code);
        using (var json = JsonDocument.Parse(output))
            Assert.Equal("pw", json.RootElement[0].GetProperty("findings")[0].GetProperty("needle").GetString());

        await victim.WipeAsync();
        (code, output, _) = await RunAsync(arguments);
        Assert.Equal(0, code);
        Assert.Contains("(scan-victim): 0 found, ", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no process", "--pid", "2147483647")]
    [InlineData("takes a number", "--pid", "x")]
    [InlineData("no file or directory", "--files", "/nowhere/at/all")]
    [InlineData("unknown argument", "--all")]
    [InlineData("lacks its value", "--pid")]
    [InlineData("nothing to scan")]
    [InlineData("cannot be read", "--needle", "x=/nowhere/at/all")]
    public async Task Command_should_exit_1_with_a_reason(string reason, params string[] arguments)
    {
        var (code, output, error) = await RunAsync(["--needle", "pw=" + _needle, .. arguments]);
        Assert.Equal((1, ""), (code, output));
        Assert.StartsWith("memory-scanner: ", error, StringComparison.Ordinal);
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "memory-scanner"), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await error);
    }
}
