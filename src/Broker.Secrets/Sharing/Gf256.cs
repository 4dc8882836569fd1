namespace Broker.Secrets;

/// <summary>
/// The field of 256 elements with the AES polynomial x⁸ + x⁴ + x³ + x + 1. No table and no branch depends on an operand, so neither time
/// nor cache tells about one.
/// </summary>
internal static class Gf256
{
    private const int Reduction = 0x1b;

    internal static byte Multiply(byte a, byte b)
    {
        int left = a, right = b, product = 0;
        for (var bit = 0; bit < 8; bit++)
        {
            product ^= left & -(right & 1);
            left = ((left << 1) ^ (Reduction & -(left >> 7))) & 0xff;
            right >>= 1;
        }

        return (byte)product;
    }

    /// <summary>The inverse, as the 254th power; of zero it is zero.</summary>
    internal static byte Invert(byte a)
    {
        // 254 = 2 + 4 + 8 + 16 + 32 + 64 + 128
        var square = a;
        byte result = 1;
        for (var bit = 1; bit < 8; bit++)
        {
            square = Multiply(square, square);
            result = Multiply(result, square);
        }

        return result;
    }
}
