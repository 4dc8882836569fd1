using System.Security.Cryptography;
using Broker.MemoryScanner;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.EndToEnd.Tests.Scanning;

/// <summary>
/// A customer's secret and what is derived from it, computed here from the page that specifies it with nothing but HMAC, so that a
/// mistake of the product cannot hide itself. Scalars are looked for in both byte orders: bignum libraries keep the least significant
/// word first.
/// </summary>
internal static class CustomerNeedles
{
    public const string Secret = "secret";
    public const string Identity = "identity";
    public const string Intake = "intake";
    public const string RowKey = "row-key";

    private static readonly byte[] KemSuite = [.. "KEM"u8, 0x00, 0x10];

    /// <summary>The needles; <paramref name="salts"/> are those of rows.</summary>
    public static NeedleSet Of(byte[] secret, Name cluster, Name customer, IEnumerable<byte[]> salts) =>
        new(All(secret, cluster, customer, salts));

    /// <summary>
    /// All of <see cref="Of"/>, and their halves, and the later round keys of AES-256 under the secret and under the keys of rows: what
    /// a library may keep of a key without the key.
    /// </summary>
    public static NeedleSet Hunted(byte[] secret, Name cluster, Name customer, IEnumerable<byte[]> salts)
    {
        var needles = All(secret, cluster, customer, salts);
        foreach (var whole in needles.ToList())
        {
            needles.Add(new Needle(whole.Name + "-first-half", whole.Bytes[..16]));
            needles.Add(new Needle(whole.Name + "-second-half", whole.Bytes[16..]));
            if (whole.Name == Secret || whole.Name.StartsWith(RowKey, StringComparison.Ordinal))
                needles.Add(new Needle(whole.Name + "-schedule", AesSchedule.Of(whole.Bytes).AsSpan(32)));
        }

        return new NeedleSet(needles, pieces: 32);
    }

    /// <summary>
    /// What a row holds, opened with the key that is looked for. A row key is found nowhere, at no time: that it is the right one, only
    /// its row can show.
    /// </summary>
    /// <exception cref="AuthenticationTagMismatchException">It is the key of something else.</exception>
    public static byte[] Open(byte[] secret, StoredRow row)
    {
        const int tag = 16;
        using var cipher = new AesGcm(RowKeyOf(secret, row.Salt.Span), tag);
        var plaintext = new byte[row.Ciphertext.Length - tag];
        cipher.Decrypt(new byte[12], row.Ciphertext.Span[..^tag], row.Ciphertext.Span[^tag..], plaintext, row.Header.Span);
        return plaintext;
    }

    private static List<Needle> All(byte[] secret, Name cluster, Name customer, IEnumerable<byte[]> salts)
    {
        var needles = new List<Needle> { new(Secret, secret) };
        foreach (var name in new[] { Identity, Intake })
        {
            var info = new EncWriter($"broker/{name}/1").Name(cluster).Name(customer).U32(1).ToArray();
            var scalar = DeriveKeyPair(Expand(secret, info, 32));
            needles.Add(new Needle(name, scalar));
            needles.Add(new Needle(name + "-reversed", [.. scalar.Reverse()]));
        }

        foreach (var (salt, i) in salts.Select(static (s, i) => (s, i)))
            needles.Add(new Needle($"{RowKey}-{i}", RowKeyOf(secret, salt)));
        return needles;
    }

    private static byte[] RowKeyOf(byte[] secret, ReadOnlySpan<byte> salt) =>
        Expand(secret, new EncWriter("broker/row-key/1").Bytes(salt).ToArray(), 32);

    // RFC 9180, 7.1.3: the first candidate below the order; the order begins with 32 one-bits, so the first one practically always is.
    private static byte[] DeriveKeyPair(byte[] material)
    {
        var prk = HMACSHA256.HashData(
            ReadOnlySpan<byte>.Empty, (ReadOnlySpan<byte>)[.. "HPKE-v1"u8, .. KemSuite, .. "dkp_prk"u8, .. material]);
        return Expand(prk, [0, 32, .. "HPKE-v1"u8, .. KemSuite, .. "candidate"u8, 0], 32);
    }

    private static byte[] Expand(byte[] key, byte[] info, int length)
    {
        var output = new List<byte>();
        byte[] block = [];
        for (byte counter = 1; output.Count < length; counter++)
        {
            block = HMACSHA256.HashData(key, (byte[])[.. block, .. info, counter]);
            output.AddRange(block);
        }

        return [.. output.Take(length)];
    }
}
