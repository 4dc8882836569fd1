using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Broker.Protocol.Identifiers;

/// <summary>
/// Verifies ECDSA signatures by one key. The library's context, in which it has found the algorithm, is kept between calls; a thread that
/// comes while another has it makes one of its own for the call. Thread-safe.
/// </summary>
internal sealed unsafe partial class P256Verifier
{
    private const string Library = "libcrypto.so.3";
    private const int ScalarLength = 32;

    // A sequence of two integers of at most 33 bytes.
    private const int LongestDer = 2 + (2 * (2 + 1 + ScalarLength));

    private readonly SafeEvpPKeyHandle _key;
    private Context? _idle;

    /// <summary>Takes a point of the curve, 65 bytes.</summary>
    public P256Verifier(byte[] point)
    {
        using var key = new ECDsaOpenSsl();
        key.ImportParameters(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = point[1..33], Y = point[33..] },
        });
        _key = key.DuplicateKeyHandle();
    }

    /// <summary>Whether the key signed SHA-256 of <paramref name="message"/>; the signature is 64 bytes, r ‖ s.</summary>
    public bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        Span<byte> hash = stackalloc byte[Digest.Length];
        Sha256.Hash(message, hash);
        Span<byte> der = stackalloc byte[LongestDer];
        var length = ToDer(signature, der);
        var context = Interlocked.Exchange(ref _idle, null) ?? new Context(_key);
        int verified;
        fixed (byte* s = der, h = hash)
            verified = Verify(context, s, (nuint)length, h, (nuint)hash.Length);
        if (verified == 1)
        {
            Interlocked.Exchange(ref _idle, context)?.Dispose();
            return true;
        }

        // What is no signature may leave errors in the thread's queue, where the runtime would take them for its own.
        ClearErrors();
        context.Dispose();
        return false;
    }

    private static int ToDer(ReadOnlySpan<byte> signature, Span<byte> der)
    {
        var length = 2;
        length += WriteInteger(signature[..ScalarLength], der[length..]);
        length += WriteInteger(signature[ScalarLength..], der[length..]);
        (der[0], der[1]) = (0x30, (byte)(length - 2));
        return length;
    }

    // The shortest form, with a zero before a first bit that would make it negative.
    private static int WriteInteger(ReadOnlySpan<byte> value, Span<byte> der)
    {
        var digits = value.TrimStart((byte)0);
        var isNegative = digits.IsEmpty || digits[0] >= 0x80;
        var length = digits.Length + (isNegative ? 1 : 0);
        (der[0], der[1], der[2]) = (0x02, (byte)length, 0);
        digits.CopyTo(der[(isNegative ? 3 : 2)..]);
        return 2 + length;
    }

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_CTX_new_from_pkey")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint NewContext(nint library, SafeEvpPKeyHandle key, nint properties);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_CTX_free")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void FreeContext(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_verify_init")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int VerifyInit(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_verify")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Verify(Context context, byte* signature, nuint signatureLength, byte* hash, nuint hashLength);

    [LibraryImport(Library, EntryPoint = "ERR_clear_error")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void ClearErrors();

    private sealed class Context : SafeHandle
    {
        public Context(SafeEvpPKeyHandle key) : base(0, ownsHandle: true)
        {
            SetHandle(NewContext(0, key, 0));
            if (IsInvalid || VerifyInit(handle) != 1)
            {
                ClearErrors();
                throw new CryptographicException("the cryptography library failed in EVP_PKEY_verify_init");
            }
        }

        public override bool IsInvalid => handle == 0;

        protected override bool ReleaseHandle()
        {
            FreeContext(handle);
            return true;
        }
    }
}
