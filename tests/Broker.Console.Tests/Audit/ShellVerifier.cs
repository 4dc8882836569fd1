using System.Diagnostics;
using Broker.Console.Audit;

namespace Broker.Console.Tests.Audit;

/// <summary>The second verifier as it is used: <c>scripts/audit-verify</c> as a process, on an export in a file.</summary>
internal static class ShellVerifier
{
    public static string? Script { get; } = FindScript();

    private static readonly bool HasOpenSsl = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Any(static folder => File.Exists(Path.Combine(folder, "openssl")));

    /// <summary>Skips the test where the script cannot run.</summary>
    public static void Need()
    {
        Skip.If(Script is null, "the scripts are not beside what was built from them");
        Skip.If(!HasOpenSsl, "openssl is not installed");
    }

    /// <summary>Writes the export and its root, and verifies.</summary>
    public static async Task<(int Exit, string Last)> VerifyAsync(Story story, params string[] more)
    {
        string export = story.Installation.File("shell.audit"), root = story.Installation.File("shell.crt");
        await File.WriteAllLinesAsync(export, story.Lines.Select(AuditFiles.ToLine).Prepend(AuditFiles.ToLine(story.Header)));
        await File.WriteAllTextAsync(root, story.Installation.Trust.Root.ExportCertificatePem() + "\n");
        return await RunAsync([export, root, .. more]);
    }

    /// <summary>Runs it; gives the exit code and the last line of what it printed.</summary>
    public static async Task<(int Exit, string Last)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(Script!, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, (output + await error).TrimEnd('\n').Split('\n')[^1]);
    }

    private static string? FindScript()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Broker.sln")))
                return Path.Combine(at.FullName, "scripts", "audit-verify");
        }

        return null;
    }
}
