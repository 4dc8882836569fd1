using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Broker.Secrets;

/// <summary>Keys (EVP_PKEY) and what is done with them: agreement and signature.</summary>
internal static unsafe partial class LibCrypto
{
    /// <summary>EVP_PKEY_PUBLIC_KEY: domain parameters and public point.</summary>
    internal const int SelectPublicKey = 0x86;

    /// <summary>EVP_PKEY_KEYPAIR: the public key and the private scalar.</summary>
    internal const int SelectKeyPair = 0x87;

    [LibraryImport(Name, EntryPoint = "EVP_PKEY_CTX_new_from_name", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint NewContext(nint library, string algorithm, nint properties);

    [LibraryImport(Name, EntryPoint = "EVP_PKEY_CTX_new_from_pkey")]
    internal static partial nint NewContext(nint library, SafeKey key, nint properties);

    [LibraryImport(Name, EntryPoint = "EVP_PKEY_CTX_free")]
    internal static partial void FreeContext(nint context);

    [LibraryImport(Name, EntryPoint = "EVP_PKEY_free")]
    internal static partial void FreeKey(nint key);

    [LibraryImport(Name, EntryPoint = "EVP_PKEY_fromdata_init")]
    internal static partial int FromDataInit(nint context);

    [LibraryImport(Name, EntryPoint = "EVP_PKEY_fromdata")]
    internal static partial int FromData(nint context, out nint key, int selection, Parameter* parameters);

    [LibraryImport(Name, EntryPoint = "EVP_PKEY_derive_init")]
    internal static partial int DeriveInit(nint context);

    [LibraryImport(Name, EntryPoint = "EVP_PKEY_derive_set_peer_ex")]
    internal static partial int DeriveSetPeer(nint context, SafeKey peer, int validate);

    [LibraryImport(Name, EntryPoint = "EVP_PKEY_derive")]
    internal static partial int Derive(nint context, byte* shared, ref nuint length);

    [LibraryImport(Name, EntryPoint = "EVP_PKEY_sign_init")]
    internal static partial int SignInit(nint context);

    [LibraryImport(Name, EntryPoint = "EVP_PKEY_sign")]
    internal static partial int Sign(nint context, byte* signature, ref nuint signatureLength, byte* hash, nuint hashLength);

    /// <summary>OSSL_PARAM: a named value handed to the library in place.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Parameter
    {
        public const uint UnsignedInteger = 2;
        public const uint Text = 4;
        public const uint Octets = 5;

        public byte* Key;
        public uint Type;
        public byte* Data;
        public nuint Size;
        public nuint Written;

        internal static Parameter Of(ReadOnlySpan<byte> literalKey, uint type, byte* data, int size) => new()
        {
            // A UTF-8 literal lies in the executable's image: it does not move, and a zero byte follows it.
            Key = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(literalKey)),
            Type = type,
            Data = data,
            Size = (nuint)size,
            Written = nuint.MaxValue,
        };
    }
}
