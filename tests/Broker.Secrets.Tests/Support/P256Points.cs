using System.Numerics;

namespace Broker.Secrets.Tests;

/// <summary>Encodings that are no valid public key of P-256.</summary>
internal static class P256Points
{
    private static readonly byte[] Prime = Convert.FromHexString("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff");

    internal static IEnumerable<byte[]> Refused()
    {
        using var key = P256PrivateKey.Generate(SystemRandom.Fill);
        var good = key.PublicKey;

        yield return [];
        yield return [0];
        yield return good[..64];
        yield return [.. good, 0];
        yield return [(byte)(2 + (good[64] & 1)), .. good[1..33]];
        yield return [(byte)(2 + (good[64] & 1)), .. good[1..]];
        yield return [(byte)(6 + (good[64] & 1)), .. good[1..]];
        yield return [0, .. good[1..]];
        yield return [4, .. new byte[64]];
        yield return [0, .. new byte[64]];
        yield return [.. good[..64], (byte)(good[64] ^ 1)];
        // Coordinates that are only congruent to those of a point: zero plus the prime, and beyond the prime.
        yield return [4, .. Prime, .. RootOfB()];
        yield return [4, .. Enumerable.Repeat((byte)0xff, 64)];
    }

    /// <summary>y of the point with x = 0: with x = p the encoding is congruent to that point, and must still be refused.</summary>
    internal static byte[] RootOfB()
    {
        var prime = new BigInteger(Prime, isUnsigned: true, isBigEndian: true);
        var b = new BigInteger(
            Convert.FromHexString("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"), isUnsigned: true, isBigEndian: true);
        // p is 3 modulo 4, so that a power is the root.
        var root = BigInteger.ModPow(b, (prime + 1) / 4, prime);
        var bytes = root.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[32 - bytes.Length], .. bytes];
    }
}
