using System.Diagnostics;
using Broker.EndToEnd.Tests.Harness;
using Broker.MemoryScanner.Windows;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests.Scanning;

/// <summary>
/// The attack of somebody who has a process's memory and the rows: each window is tried as the customer's secret, and as the key of
/// each row, of which the plaintext's beginning is known.
/// </summary>
internal sealed class WindowAttack
{
    private const int Block = 16;

    private readonly WindowScan _scan;
    private readonly ITestOutputHelper _output;

    /// <summary>An attack on rows of one customer.</summary>
    /// <param name="rows">The rows, each with at least 16 bytes with which its plaintext begins.</param>
    /// <param name="output">Where each scan leaves a line.</param>
    public WindowAttack(IReadOnlyList<(StoredRow Row, byte[] Known)> rows, ITestOutputHelper output)
    {
        _output = output;
        // The second half of HKDF-Expand is what a row is committed to; one secret expands for all rows. GCM encrypts the first block with
        // the counter 2 of nonce zero.
        var first = rows[0].Row;
        var counter = new byte[Block];
        counter[^1] = 2;
        _scan = new WindowScan(new RowAttack(
            new EncWriter("broker/row-key/1").Bytes(first.Salt.Span).ToArray(), first.Commitment.Span, counter,
            rows.Select(static r => Keystream(r.Row.Ciphertext.Span, r.Known))), IsDeep ? 1 : 8);
    }

    /// <summary>Whether every offset of every process is tried, at every moment: <c>scripts/test --deep</c>.</summary>
    public static bool IsDeep { get; } = Environment.GetEnvironmentVariable("BROKER_TEST_DEEP") == "1";

    /// <summary>Tries the windows of a process: all of them when <see cref="IsDeep"/>, else those at addresses that 8 divides.</summary>
    /// <returns>How many opened something.</returns>
    public int On(BrokerProcess process, string when)
    {
        var watch = Stopwatch.StartNew();
        var report = _scan.Run(process.Id);
        // What was not read says nothing: only the kernel's own pages may be missing.
        Assert.All(report.Unread, static place => Assert.StartsWith("[v", place, StringComparison.Ordinal));
        Assert.True(report.Bytes > 10 << 20, $"only {report.Bytes} bytes of process {process.Id} were looked through");
        Assert.True(report.Tried > 0 && report.Known < report.Bytes, $"nothing of process {process.Id} was tried");
        var line = $"{when}: {report.Hits.Count} windows of {process.Name} open a row; {report.Bytes >> 20} MiB looked through, " +
            $"{report.Known >> 20} MiB of them the same as before, {report.Tried:N0} windows tried in {watch.Elapsed.TotalSeconds:F0} s";
        _output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("BROKER_TEST_PROGRESS") is { Length: > 0 } file)
            File.AppendAllText(file, line + "\n");
        return report.Hits.Count;
    }

    private static byte[] Keystream(ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> known)
    {
        var keystream = new byte[Block];
        for (var i = 0; i < Block; i++)
            keystream[i] = (byte)(ciphertext[i] ^ known[i]);
        return keystream;
    }
}
