using System.Buffers.Binary;

namespace Broker.TestKit;

/// <summary>Damages bytes in the ways that find mistakes in readers: whatever their form, files and frames are bytes first.</summary>
public static class Damage
{
    private static readonly byte[][] Fragments =
    [
        [0], [0xFF], [0xC3, 0x28], [0xED, 0xA0, 0x80], [0xEF, 0xBB, 0xBF], "null"u8.ToArray(), "\"\""u8.ToArray(), "[]"u8.ToArray(),
        "{}"u8.ToArray(),
        ","u8.ToArray(), ":"u8.ToArray(), "\\u0000"u8.ToArray(), "\\ud800"u8.ToArray(), "-1"u8.ToArray(), "1e999"u8.ToArray(),
        "99999999999999999999"u8.ToArray(),
        "true"u8.ToArray(), "\n"u8.ToArray(), "="u8.ToArray(), "AAAA"u8.ToArray(), "\u001b[2J"u8.ToArray(),
        "-----END PRIVATE KEY-----"u8.ToArray(),
        [.. Enumerable.Repeat((byte)'[', 200)], [.. Enumerable.Repeat((byte)'"', 3)],
    ];

    private static readonly uint[] Numbers = [0, 1, 3, 4, 5, 31, 33, 64, 65, 255, 4096, 65_537, int.MaxValue, 0x80000000, uint.MaxValue];

    /// <summary>One to three damages; now and then nothing of the original is left.</summary>
    public static byte[] Of(ReadOnlySpan<byte> original, SeededRandom random)
    {
        var bytes = random.Below(40) == 0 ? Random(random, random.Below(300)) : original.ToArray();
        for (var left = 1 + random.Below(3); left > 0; left--)
            bytes = Once(bytes, random);
        return bytes;
    }

    /// <summary>Bytes that mean nothing.</summary>
    public static byte[] Random(SeededRandom random, int length)
    {
        var bytes = new byte[length];
        random.Fill(bytes);
        return bytes;
    }

    private static byte[] Once(byte[] bytes, SeededRandom random)
    {
        if (bytes.Length < 5)
            return Random(random, random.Below(64));
        var from = random.Below(bytes.Length);
        var to = from + random.Below(bytes.Length - from);
        switch (random.Below(9))
        {
            case 0:
                return [.. bytes[..from], (byte)random.Below(256), .. bytes[(from + 1)..]];
            case 1:
                return [.. bytes[..from], (byte)(bytes[from] ^ (1 << random.Below(8))), .. bytes[(from + 1)..]];
            case 2:
                return [.. bytes[..from], .. bytes[to..]];
            case 3:
                return bytes[..from];
            case 4:
                return [.. bytes[..to], .. bytes[from..]];
            case 5:
                return [.. bytes[..from], .. Fragments[random.Below(Fragments.Length)], .. bytes[from..]];
            case 6:
                return [.. bytes[..from], .. Fragments[random.Below(Fragments.Length)], .. bytes[to..]];
            case 7:
                return [.. bytes[..from], .. Random(random, random.Below(9)), .. bytes[from..]];
            default:
                var copy = bytes.ToArray();
                BinaryPrimitives.WriteUInt32BigEndian(copy.AsSpan(random.Below(bytes.Length - 3)), Numbers[random.Below(Numbers.Length)]);
                return copy;
        }
    }
}
