using System.Numerics;
using System.Security.Cryptography;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Tests.Support;

namespace Broker.Protocol.Tests.Identifiers;

public class PublicKeySpecs
{
    private const string P = "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF";
    private const string N = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";

    // SP 800-186, 3.2.1.3
    private const string Gx = "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296";
    private const string Gy = "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5";

    private static readonly BigInteger Prime = Number(P);

    [Fact]
    public void Generator_should_be_a_key() => Assert.Equal(65, PublicKey.Parse(Hex("04" + Gx + Gy)).Bytes.Length);

    [Fact]
    public void Infinity_should_be_refused()
    {
        AssertRefused([0]);
        AssertRefused([]);
        AssertRefused(new byte[65]);
        AssertRefused([4, .. new byte[64]]);
    }

    [Fact]
    public void Compressed_hybrid_and_bare_points_should_be_refused()
    {
        AssertRefused(Hex("03" + Gx));
        AssertRefused(Hex("02" + Gx));
        AssertRefused(Hex(Gx + Gy));
        AssertRefused(Hex("07" + Gx + Gy));
        AssertRefused(Hex("06" + Gx + Gy));
        AssertRefused(Hex("04" + Gx + Gy + "00"));
        AssertRefused(Hex("0400" + Gx + Gy));
    }

    [Fact]
    public void Coordinates_at_or_above_p_should_be_refused()
    {
        var (x, y) = SmallPoint();
        Assert.NotNull(PublicKey.Parse([4, .. Bytes(x), .. Bytes(y)]));
        // The same point to a reader that reduces first: a second encoding of it.
        AssertRefused([4, .. Bytes(x + Prime), .. Bytes(y)]);
        AssertRefused(Hex("04" + P + Gy));
        AssertRefused(Hex("04" + Gx + P));
        AssertRefused([4, .. Enumerable.Repeat((byte)0xFF, 64)]);
    }

    [Fact]
    public void Points_beside_the_curve_should_be_refused()
    {
        AssertRefused(Hex("04" + Gy + Gx));
        AssertRefused(Hex("04" + Gx + Gx));
        AssertRefused([4, .. Hex(Gx), .. Bytes(Number(Gy) - 1)]);
        Assert.NotNull(PublicKey.Parse([4, .. Hex(Gx), .. Bytes(Prime - Number(Gy))]));
    }

    [Fact]
    public void Key_of_another_curve_should_be_refused()
    {
        foreach (var curve in (ECCurve[])[ECCurve.NamedCurves.nistP384, ECCurve.NamedCurves.brainpoolP256r1])
        {
            using var other = ECDsa.Create(curve);
            Assert.Throws<MalformedException>(() => PublicKey.From(other));
        }
    }

    [Fact]
    public void Signature_should_verify_under_its_key_and_message_only()
    {
        var signature = TestKey.Alice.Sign([1, 2, 3]);
        Assert.True(TestKey.Alice.Public.Verify([1, 2, 3], signature));
        Assert.False(TestKey.Alice.Public.Verify([1, 2, 4], signature));
        Assert.False(TestKey.Alice.Public.Verify([], signature));
        Assert.False(TestKey.Bob.Public.Verify([1, 2, 3], signature));
        for (var bit = 0; bit < 512; bit++)
        {
            signature[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(TestKey.Alice.Public.Verify([1, 2, 3], signature));
            signature[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Signature_that_is_none_should_be_invalid_and_not_an_error()
    {
        var good = TestKey.Alice.Sign([1]);
        byte[][] bad =
        [
            [], [0], good[..63], [.. good, 0], new byte[64], [.. good[..32], .. new byte[32]], [.. new byte[32], .. good[32..]],
            [.. Hex(N), .. good[32..]], [.. good[..32], .. Hex(N)], [.. Enumerable.Repeat((byte)0xFF, 64)],
        ];
        Assert.All(bad, signature => Assert.False(TestKey.Alice.Public.Verify([1], signature)));
    }

    // OpenSSL's verify is said not to change the key; many threads share one object.
    [Fact]
    public void One_key_should_verify_on_many_threads_at_once()
    {
        var key = PublicKey.Parse(TestKey.Carol.Public.Bytes.Span);
        var signature = TestKey.Carol.Sign([9]);
        var wrong = TestKey.Dave.Sign([9]);
        var failures = 0;
        Parallel.For(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            if (key.Verify([9], i % 2 == 0 ? signature : wrong) != (i % 2 == 0))
            {
                Interlocked.Increment(ref failures);
            }
        });
        Assert.Equal(0, failures);
    }

    private static (BigInteger X, BigInteger Y) SmallPoint()
    {
        // p is 3 modulo 4: a square's root is its power (p + 1) / 4.
        var b = Number("5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B");
        for (BigInteger x = 1; ; x++)
        {
            var square = ((x * x * x) - (3 * x) + b) % Prime;
            var y = BigInteger.ModPow(square, (Prime + 1) / 4, Prime);
            if (y * y % Prime == square)
            {
                return (x, y);
            }
        }
    }

    private static void AssertRefused(byte[] point) => Assert.Throws<MalformedException>(() => PublicKey.Parse(point));

    private static byte[] Hex(string digits) => Convert.FromHexString(digits);

    private static BigInteger Number(string digits) => new(Hex(digits), isUnsigned: true, isBigEndian: true);

    private static byte[] Bytes(BigInteger number)
    {
        var bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[32 - bytes.Length], .. bytes];
    }
}
