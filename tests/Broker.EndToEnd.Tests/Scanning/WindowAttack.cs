using System.Security.Cryptography;
using Broker.EndToEnd.Tests.Harness;
using Broker.MemoryScanner;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;

namespace Broker.EndToEnd.Tests.Scanning;

/// <summary>
/// The attack of somebody who has a process's memory and the rows: each window is tried as the customer's secret, and as the key of a
/// row, on a row of which the plaintext's beginning is known.
/// </summary>
internal sealed class WindowAttack
{
    private const int Block = 16;

    [ThreadStatic]
    private static Aes? _aes;

    private readonly byte[] _first;
    private readonly byte[] _second;
    private readonly byte[] _commitment;
    private readonly byte[] _keystream = new byte[Block];

    /// <summary>An attack on one row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="known">At least 16 bytes with which its plaintext begins.</param>
    public WindowAttack(StoredRow row, ReadOnlySpan<byte> known)
    {
        var info = new EncWriter("broker/row-key/1").Bytes(row.Salt.Span).ToArray();
        (_first, _second, _commitment) = ([.. info, 1], [.. info, 2], row.Commitment.ToArray());
        for (var i = 0; i < Block; i++)
            _keystream[i] = (byte)(row.Ciphertext.Span[i] ^ known[i]);
    }

    /// <summary>Whether every offset of every process is tried, at every moment: <c>scripts/test --deep</c>.</summary>
    public static bool IsDeep { get; } = Environment.GetEnvironmentVariable("BROKER_TEST_DEEP") == "1";

    /// <summary>Tries the windows of a process.</summary>
    public WindowReport On(BrokerProcess process)
    {
        var report = WindowScan.Run(process.Id, IsDeep ? 1 : 8, Opens);
        Assert.True(report.Tried > 100_000, $"only {report.Tried} windows of process {process.Id} were tried");
        return report;
    }

    /// <summary>Whether the bytes are the customer's secret or the key of the row.</summary>
    public bool Opens(byte[] window) => IsSecret(window) || IsRowKey(window);

    // The second half of HKDF-Expand is what the row is committed to.
    private bool IsSecret(byte[] window)
    {
        Span<byte> block = stackalloc byte[32 + _second.Length];
        HMACSHA256.HashData(window, _first, block);
        _second.CopyTo(block[32..]);
        Span<byte> commitment = stackalloc byte[32];
        HMACSHA256.HashData(window, block, commitment);
        return commitment.SequenceEqual(_commitment);
    }

    // GCM encrypts the first block with the counter 2 of nonce zero.
    private bool IsRowKey(byte[] window)
    {
        var aes = _aes ??= Aes.Create();
        aes.Key = window;
        Span<byte> counter = stackalloc byte[Block];
        counter.Clear();
        counter[^1] = 2;
        Span<byte> keystream = stackalloc byte[Block];
        aes.EncryptEcb(counter, keystream, PaddingMode.None);
        return keystream.SequenceEqual(_keystream);
    }
}
