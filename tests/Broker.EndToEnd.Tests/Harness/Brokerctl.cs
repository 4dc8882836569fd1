using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Broker.EndToEnd.Tests.Client;
using Broker.TestKit;

namespace Broker.EndToEnd.Tests.Harness;

/// <summary>How one run of brokerctl ended.</summary>
internal sealed record BrokerctlResult(string Arguments, int Exit, string Out, string Error)
{
    /// <summary>Its result; the document lives as long as the test.</summary>
    public JsonElement Json => JsonDocument.Parse(Out).RootElement;

    /// <summary>Whether it failed with a code.</summary>
    public bool Says(string code) => Error.Contains($"brokerctl: {code}: ", StringComparison.Ordinal);

    public override string ToString() => $"brokerctl {Arguments}\nexit {Exit}\n{Out}{Error}";
}

/// <summary>Runs the console as people and scripts do.</summary>
internal sealed partial class Brokerctl(string profile)
{
    public const int Ok = 0;
    public const int Refused = 1;
    public const int Locked = 4;
    public const int Unreachable = 5;
    public const int VerificationFailed = 7;

    private const int OutcomeUnknown = 6;

    // Longer than the patience of one call, which a command may make several of.
    private static readonly TimeSpan Limit = 3 * Patience.Limit;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    public string Profile => profile;

    /// <summary>Runs a command that has to succeed.</summary>
    public async Task<BrokerctlResult> OkAsync(params string[] arguments) => Succeeded(await RunAsync(null, arguments));

    /// <summary>Runs a command that has to succeed, with bytes on its standard input.</summary>
    public async Task<BrokerctlResult> OkAsync(ReadOnlyMemory<byte> input, params string[] arguments) =>
        Succeeded(await RunAsync(input, arguments));

    /// <summary>
    /// Runs a command to its end, and again while it says that nothing was done and to try again: a node that stood still, or waited for
    /// one that did, is too busy for the moment. A request whose answer was lost is sent again as it says, and not done twice.
    /// </summary>
    public async Task<BrokerctlResult> RunAsync(ReadOnlyMemory<byte>? input, params string[] arguments)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var result = await OnceAsync(input, arguments);
            // That a node is not ready is an answer.
            var isAgain = (result.Exit == Unreachable && !result.Error.Contains("not-ready", StringComparison.Ordinal)) ||
                result.Exit == OutcomeUnknown || IsOvertaken(result);
            if (!isAgain || TimeProvider.System.GetElapsedTime(begun) > Patience.Limit)
                return result;
            if (result.Exit == OutcomeUnknown && Kept().Match(result.Error) is { Success: true } kept)
                (input, arguments) = (null, ["request", "send", kept.Groups[1].Value]);
            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    /// <summary>Confirms for a holder. One whose answer was lost may have been the last that was waited for.</summary>
    /// <param name="customer">The customer.</param>
    /// <param name="holder">Options that name the holder.</param>
    public async Task ConfirmAsync(string customer, params string[] holder)
    {
        var result = await RunAsync(null, ["customer", "confirm", customer, .. holder]);
        if (result.Exit != Refused || !result.Error.Contains("it is unlocked", StringComparison.Ordinal))
            _ = Succeeded(result);
    }

    /// <summary>
    /// Gives what several holders have until the node has judged it, and gives what the last one was told. The node wipes all of it when an
    /// unlock fails for the moment, and a lost answer may be of the last one: then all give theirs again.
    /// </summary>
    /// <param name="customer">The customer.</param>
    /// <param name="holders">Options that name each holder.</param>
    public async Task<BrokerctlResult> UnlockAsync(string customer, params IReadOnlyList<string[]> holders)
    {
        var begun = TimeProvider.System.GetTimestamp();
        for (var isFirst = true; ; isFirst = false)
        {
            BrokerctlResult result = null!;
            // The one whose answer was lost may have been the last that was needed.
            if (!isFirst && await RunAsync(null, "customer", "status", customer) is { Exit: Ok } status &&
                status.Json.GetProperty("state").GetString() == "unlocked")
                return status;
            foreach (var holder in holders)
            {
                result = await OnceAsync(null, ["customer", "unlock", customer, .. holder]);
                if (IsUnlockPassing(result))
                    break;
                // A further time the first one may be told how the unlock ended.
                if (isFirst && holder != holders[^1])
                    _ = Succeeded(result);
            }

            if (!IsUnlockPassing(result) || TimeProvider.System.GetElapsedTime(begun) > Patience.Limit)
                return result;
            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    /// <summary>Runs a command once, whatever it says.</summary>
    public async Task<BrokerctlResult> OnceAsync(ReadOnlyMemory<byte>? input, params string[] arguments)
    {
        using var process = Start(arguments, null);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await GiveAsync(process, input);
        await EndAsync(process);
        return new BrokerctlResult(string.Join(' ', arguments), process.ExitCode, await output, await error);
    }

    /// <summary>
    /// Runs a command that stops itself just before it exits, calls back with its process id, and lets it end; and again as
    /// <see cref="RunAsync"/> does.
    /// </summary>
    public async Task<BrokerctlResult> PausedAtExitAsync(ReadOnlyMemory<byte>? input, Action<int> look, params string[] arguments)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var result = await PausedOnceAsync(input, look, arguments);
            if (result.Exit != Unreachable || TimeProvider.System.GetElapsedTime(begun) > Patience.Limit)
                return result;
            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    private async Task<BrokerctlResult> PausedOnceAsync(ReadOnlyMemory<byte>? input, Action<int> look, string[] arguments)
    {
        using var process = Start(arguments, "1");
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await GiveAsync(process, input);
        try
        {
            await Eventually.TrueAsync("brokerctl stops at its exit", () => process.HasExited || Signals.IsStopped(process.Id));
            Assert.False(process.HasExited, "brokerctl ended without a pause");
            look(process.Id);
        }
        finally
        {
            _ = Signals.Send(process.Id, Signals.Continue);
            await EndAsync(process);
        }

        return new BrokerctlResult(string.Join(' ', arguments), process.ExitCode, await output, await error);
    }

    private static string Seconds { get; } = ((int)Patience.Limit.TotalSeconds).ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex("brokerctl request send (\\S+)")]
    private static partial Regex Kept();

    // Ownership or the customer's head moved under the request, which was refused as a whole. What has printed a result has done something.
    private static bool IsOvertaken(BrokerctlResult result) => result.Out.Length == 0 && (result.Says("stale-fence") ||
        (result.Says("head-unknown") && result.Error.Contains("send the same request again", StringComparison.Ordinal)));

    // Also where the answer came, and says that the unlock failed.
    private static bool IsUnlockPassing(BrokerctlResult result) =>
        result.Exit is Unreachable or OutcomeUnknown || (result.Exit == Refused && Custody.Passing.Any(result.Says));

    private static BrokerctlResult Succeeded(BrokerctlResult result) =>
        result.Exit == Ok ? result : throw new InvalidOperationException(result.ToString());

    private static async Task GiveAsync(Process process, ReadOnlyMemory<byte>? input)
    {
        try
        {
            if (input is { } bytes)
                await process.StandardInput.BaseStream.WriteAsync(bytes);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it read: its exit code says why.
        }
    }

    private static async Task EndAsync(Process process)
    {
        using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException(
                $"brokerctl {string.Join(' ', process.StartInfo.ArgumentList)} did not end in {Limit.TotalMinutes} minutes");
        }
    }

    private Process Start(string[] arguments, string? pause)
    {
        var info = new ProcessStartInfo(Executables.Console, ["--profile", profile, "--output", "json", "--timeout", Seconds, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (pause is not null)
            info.Environment["BROKERCTL_PAUSE_AT_EXIT"] = pause;
        return Process.Start(info)!;
    }
}
