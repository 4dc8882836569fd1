using System.Numerics;

namespace Broker.Protocol.Identifiers;

/// <summary>The curve equation of P-256 (SP 800-186, 3.2.1.3), for public points only: it is not constant in time.</summary>
internal static class P256Point
{
    private static readonly BigInteger P = Hex("0FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF");
    private static readonly BigInteger B = Hex("05AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B");

    public static bool IsOnCurve(ReadOnlySpan<byte> x, ReadOnlySpan<byte> y)
    {
        var bx = new BigInteger(x, isUnsigned: true, isBigEndian: true);
        var by = new BigInteger(y, isUnsigned: true, isBigEndian: true);
        return bx < P && by < P && (((by * by) - (bx * bx * bx) + (3 * bx) - B) % P).IsZero;
    }

    private static BigInteger Hex(string digits) =>
        BigInteger.Parse(digits, System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);
}
