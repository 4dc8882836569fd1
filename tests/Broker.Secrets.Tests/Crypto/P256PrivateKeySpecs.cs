using System.Security.Cryptography;

namespace Broker.Secrets.Tests;

public sealed class P256PrivateKeySpecs
{
    private const string Order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

    public static TheoryData<byte[]> BadPoints => new(P256Points.Refused());

    [Fact]
    public void Signature_should_verify_for_an_independent_verifier()
    {
        using var key = P256PrivateKey.Generate(SystemRandom.Fill);
        using var verifier = Verifier(key.PublicKey);
        var signature = new byte[P256PrivateKey.SignatureSize];
        // Enough that halves with a leading zero, which the library writes shorter, occur.
        for (var round = 0; round < 1000; round++)
        {
            var message = BitConverter.GetBytes(round);
            key.Sign(message, signature);
            Assert.True(verifier.VerifyData(message, signature, HashAlgorithmName.SHA256));
        }

        key.SignHash(SHA256.HashData("hash"u8), signature);
        Assert.True(verifier.VerifyData("hash"u8, signature, HashAlgorithmName.SHA256));
        Assert.False(verifier.VerifyData("Hash"u8, signature, HashAlgorithmName.SHA256));
    }

    [Fact]
    public void Short_integers_should_be_padded_to_their_field()
    {
        var signature = new byte[64];

        DerSignature.ToFixed(Convert.FromHexString("3008020200ff02027f01"), signature);

        Assert.Equal(0xff, signature[31]);
        Assert.Equal((0x7f, 0x01), (signature[62], signature[63]));
        Assert.Equal(3, signature.Count(static value => value != 0));
    }

    [Fact]
    public void Agreement_should_be_mutual_and_that_of_an_independent_implementation()
    {
        using var ours = P256PrivateKey.Generate(SystemRandom.Fill);
        using var theirs = P256PrivateKey.Generate(SystemRandom.Fill);
        using var foreign = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        var point = foreign.ExportParameters(false).Q;
        byte[] one = new byte[32], two = new byte[32];

        ours.Agree(theirs.PublicKey, one);
        theirs.Agree(ours.PublicKey, two);
        Assert.Equal(one, two);

        ours.Agree([4, .. point.X!, .. point.Y!], one);
        using var verifier = ECDiffieHellman.Create(Parameters(ours.PublicKey));
        Assert.Equal(foreign.DeriveKeyFromHash(verifier.PublicKey, HashAlgorithmName.SHA256), SHA256.HashData(one));
    }

    [Theory]
    [MemberData(nameof(BadPoints))]
    public void Agreement_should_refuse_what_is_no_point_of_the_curve(byte[] point)
    {
        using var key = P256PrivateKey.Generate(SystemRandom.Fill);
        var shared = new byte[32];

        var refusal = Assert.Throws<SealedDataException>(() => key.Agree(point, shared));

        Assert.Equal(SealFailure.InvalidPoint, refusal.Failure);
        Assert.Equal(new byte[32], shared);
    }

    [Fact]
    public void Point_with_x_zero_should_be_accepted_as_it_is_on_the_curve()
    {
        // The control of the refusal of the same point with x = p.
        using var key = P256PrivateKey.Generate(SystemRandom.Fill);

        key.Agree([4, .. new byte[32], .. P256Points.RootOfB()], new byte[32]);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("01", false)]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", false)]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000001", true)]
    [InlineData("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550", true)]
    [InlineData(Order, false)]
    [InlineData("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552", false)]
    [InlineData("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", false)]
    public void Scalars_should_be_above_zero_and_below_the_order(string hex, bool valid)
    {
        var scalar = Convert.FromHexString(hex);

        Assert.Equal(valid, P256Scalar.IsValid(scalar));
        if (valid)
            P256PrivateKey.FromScalar(scalar).Dispose();
        else
            Assert.Throws<CryptographicException>(() => P256PrivateKey.FromScalar(scalar));
    }

    [Fact]
    public void Key_should_be_usable_from_many_threads()
    {
        using var key = P256PrivateKey.Generate(SystemRandom.Fill);
        using var verifier = Verifier(key.PublicKey);

        var valid = ParallelEnumerable.Range(0, 400).WithDegreeOfParallelism(4).Count(round =>
        {
            var signature = new byte[64];
            var message = BitConverter.GetBytes(round);
            key.Sign(message, signature);
            lock (verifier)
                return verifier.VerifyData(message, signature, HashAlgorithmName.SHA256);
        });

        Assert.Equal(400, valid);
    }

    [Fact]
    public void Disposed_key_should_do_nothing_more()
    {
        var key = P256PrivateKey.Generate(SystemRandom.Fill);
        key.Dispose();

        Assert.Throws<ObjectDisposedException>(() => key.Sign("message"u8, new byte[64]));
        Assert.Throws<ObjectDisposedException>(() => key.Agree(key.PublicKey, new byte[32]));
    }

    [Fact]
    public void Wrong_sizes_should_be_refused()
    {
        using var key = P256PrivateKey.Generate(SystemRandom.Fill);

        Assert.Throws<ArgumentException>(() => key.Sign("message"u8, new byte[63]));
        Assert.Throws<ArgumentException>(() => key.SignHash(new byte[31], new byte[64]));
        Assert.Throws<ArgumentException>(() => key.Agree(key.PublicKey, new byte[33]));
        Assert.Throws<ArgumentException>(() => P256Scalar.Derive(new byte[31]));
    }

    internal static ECDsa Verifier(byte[] publicKey) => ECDsa.Create(Parameters(publicKey));

    private static ECParameters Parameters(byte[] publicKey) => new()
    {
        Curve = ECCurve.NamedCurves.nistP256,
        Q = new ECPoint { X = publicKey[1..33], Y = publicKey[33..] },
    };
}
