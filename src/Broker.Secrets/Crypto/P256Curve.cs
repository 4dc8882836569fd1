namespace Broker.Secrets;

/// <summary>Native P-256 keys from their bytes, and the public point of a scalar.</summary>
internal static unsafe class P256Curve
{
    internal const int ScalarSize = 32;
    internal const int PointSize = 65;
    internal const int SignatureSize = 64;
    internal const byte UncompressedPrefix = 0x04;

    private static readonly nint Group = LibCrypto.NewGroup(LibCrypto.NidP256);

    /// <summary>scalar · G as 65 bytes; the scalar must be in 1 … n-1.</summary>
    internal static byte[] PublicPoint(ReadOnlySpan<byte> scalar)
    {
        nint number = 0, point = 0, scratch = 0;
        try
        {
            scratch = LibCrypto.NewSecureScratch();
            number = LibCrypto.NewSecureNumber();
            point = LibCrypto.NewPoint(Group);
            LibCrypto.Check(scratch != 0 && number != 0 && point != 0, "BN_secure_new");
            fixed (byte* bytes = scalar)
                LibCrypto.Check(LibCrypto.ReadNumber(bytes, scalar.Length, number) != 0, "BN_bin2bn");
            LibCrypto.SetFlags(number, LibCrypto.ConstantTime);
            LibCrypto.Check(LibCrypto.Multiply(Group, point, number, 0, 0, scratch) == 1, "EC_POINT_mul");
            var encoded = new byte[PointSize];
            fixed (byte* buffer = encoded)
            {
                var written = LibCrypto.WritePoint(Group, point, LibCrypto.Uncompressed, buffer, PointSize, scratch);
                LibCrypto.Check(written == PointSize, "EC_POINT_point2oct");
            }

            return encoded;
        }
        finally
        {
            LibCrypto.FreeNumber(number);
            LibCrypto.FreePoint(point);
            LibCrypto.FreeScratch(scratch);
        }
    }

    /// <summary>A key pair; the library takes the scalar from locked memory into a number of its own, cleared when freed.</summary>
    internal static SafeKey KeyPair(ReadOnlySpan<byte> scalar, ReadOnlySpan<byte> publicKey)
    {
        using var reversed = SecretBuffer.CopyOf(scalar);
        reversed.Span.Reverse();
        fixed (byte* secret = reversed.Span)
        fixed (byte* point = publicKey)
        fixed (byte* curve = "prime256v1"u8)
        {
            var parameters = stackalloc LibCrypto.Parameter[]
            {
                LibCrypto.Parameter.Of("group"u8, LibCrypto.Parameter.Text, curve, 10),
                LibCrypto.Parameter.Of("pub"u8, LibCrypto.Parameter.Octets, point, publicKey.Length),
                LibCrypto.Parameter.Of("priv"u8, LibCrypto.Parameter.UnsignedInteger, secret, ScalarSize),
                default,
            };
            var key = Import(parameters, LibCrypto.SelectKeyPair);
            LibCrypto.Check(key is not null, "EVP_PKEY_fromdata");
            return key!;
        }
    }

    /// <summary>A public key; refuses what is not a point of the curve in the uncompressed form, infinity included.</summary>
    internal static SafeKey PublicKey(ReadOnlySpan<byte> encoded)
    {
        if (encoded.Length != PointSize || encoded[0] != UncompressedPrefix)
            throw new SealedDataException(SealFailure.InvalidPoint);

        fixed (byte* point = encoded)
        fixed (byte* curve = "prime256v1"u8)
        {
            var parameters = stackalloc LibCrypto.Parameter[]
            {
                LibCrypto.Parameter.Of("group"u8, LibCrypto.Parameter.Text, curve, 10),
                LibCrypto.Parameter.Of("pub"u8, LibCrypto.Parameter.Octets, point, encoded.Length),
                default,
            };
            return Import(parameters, LibCrypto.SelectPublicKey) ?? throw new SealedDataException(SealFailure.InvalidPoint);
        }
    }

    private static SafeKey? Import(LibCrypto.Parameter* parameters, int selection)
    {
        var context = LibCrypto.NewContext(0, "EC", 0);
        LibCrypto.Check(context != 0, "EVP_PKEY_CTX_new_from_name");
        try
        {
            LibCrypto.Check(LibCrypto.FromDataInit(context) == 1, "EVP_PKEY_fromdata_init");
            if (LibCrypto.FromData(context, out var key, selection, parameters) == 1)
                return new SafeKey(key);

            LibCrypto.ForgetErrors();
            return null;
        }
        finally
        {
            LibCrypto.FreeContext(context);
        }
    }
}
