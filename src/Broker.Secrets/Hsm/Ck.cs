using System.Runtime.InteropServices;

namespace Broker.Secrets;

/// <summary>
/// Constants and structures of PKCS#11 v2.40, only those that are used. CK_ULONG is unsigned long: 8 bytes on 64-bit Linux, where
/// nothing is packed.
/// </summary>
internal static unsafe class Ck
{
    internal const ulong OsLockingOk = 2;
    internal const ulong User = 1;
    internal const ulong SerialSession = 4;
    internal const ulong RwSession = 2;

    internal const ulong UserPinInitialized = 0x8;
    internal const ulong TokenInitialized = 0x400;
    internal const ulong UserPinCountLow = 0x1_0000;
    internal const ulong UserPinFinalTry = 0x2_0000;
    internal const ulong UserPinLocked = 0x4_0000;
    internal const ulong UserPinToBeChanged = 0x8_0000;

    internal const ulong ClassData = 0;
    internal const ulong ClassPublicKey = 2;
    internal const ulong ClassPrivateKey = 3;
    internal const ulong ClassSecretKey = 4;
    internal const ulong KeyTypeEc = 3;
    internal const ulong KeyTypeGenericSecret = 0x10;
    internal const ulong EcKeyPairGen = 0x1040;
    internal const ulong Ecdh1Derive = 0x1050;
    internal const ulong NoKdf = 1;

    internal const ulong Class = 0;
    internal const ulong Token = 1;
    internal const ulong Private = 2;
    internal const ulong Label = 3;
    internal const ulong Application = 0x10;
    internal const ulong Value = 0x11;
    internal const ulong KeyType = 0x100;
    internal const ulong Id = 0x102;
    internal const ulong Sensitive = 0x103;
    internal const ulong Encrypt = 0x104;
    internal const ulong Decrypt = 0x105;
    internal const ulong Wrap = 0x106;
    internal const ulong Unwrap = 0x107;
    internal const ulong Sign = 0x108;
    internal const ulong Verify = 0x10A;
    internal const ulong Derive = 0x10C;
    internal const ulong ValueLength = 0x161;
    internal const ulong Extractable = 0x162;
    internal const ulong NeverExtractable = 0x164;
    internal const ulong AlwaysSensitive = 0x165;
    internal const ulong EcParams = 0x180;
    internal const ulong EcPoint = 0x181;

    /// <summary>CK_ATTRIBUTE.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 24)]
    internal struct Attribute
    {
        [FieldOffset(0)]
        public ulong Type;

        [FieldOffset(8)]
        public byte* Value;

        [FieldOffset(16)]
        public ulong Length;
    }

    /// <summary>CK_MECHANISM.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 24)]
    internal struct Mechanism
    {
        [FieldOffset(0)]
        public ulong Type;

        [FieldOffset(8)]
        public void* Parameter;

        [FieldOffset(16)]
        public ulong Length;
    }

    /// <summary>CK_ECDH1_DERIVE_PARAMS.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 40)]
    internal struct Ecdh1Parameters
    {
        [FieldOffset(0)]
        public ulong Kdf;

        [FieldOffset(8)]
        public ulong SharedDataLength;

        [FieldOffset(16)]
        public byte* SharedData;

        [FieldOffset(24)]
        public ulong PublicDataLength;

        [FieldOffset(32)]
        public byte* PublicData;
    }

    /// <summary>CK_C_INITIALIZE_ARGS; the mutex callbacks before the flags stay null.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 48)]
    internal struct InitializeArguments
    {
        [FieldOffset(32)]
        public ulong Flags;
    }

    /// <summary>CK_TOKEN_INFO.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 208)]
    internal struct TokenInfo
    {
        [FieldOffset(0)]
        public fixed byte Label[32];

        [FieldOffset(32)]
        public fixed byte Manufacturer[32];

        [FieldOffset(64)]
        public fixed byte Model[16];

        [FieldOffset(80)]
        public fixed byte Serial[16];

        [FieldOffset(96)]
        public ulong Flags;
    }

    /// <summary>CK_FUNCTION_LIST: a version, then pointers in the order of the standard.</summary>
    [StructLayout(LayoutKind.Explicit)]
    internal struct Functions
    {
        [FieldOffset(0)]
        public byte Major;

        [FieldOffset(8)]
        public delegate* unmanaged<InitializeArguments*, ulong> Initialize;

        [FieldOffset(16)]
        public delegate* unmanaged<void*, ulong> Finalize;

        [FieldOffset(40)]
        public delegate* unmanaged<byte, ulong*, ulong*, ulong> GetSlotList;

        [FieldOffset(56)]
        public delegate* unmanaged<ulong, TokenInfo*, ulong> GetTokenInfo;

        [FieldOffset(104)]
        public delegate* unmanaged<ulong, ulong, void*, void*, ulong*, ulong> OpenSession;

        [FieldOffset(112)]
        public delegate* unmanaged<ulong, ulong> CloseSession;

        [FieldOffset(152)]
        public delegate* unmanaged<ulong, ulong, byte*, ulong, ulong> Login;

        [FieldOffset(160)]
        public delegate* unmanaged<ulong, ulong> Logout;

        [FieldOffset(168)]
        public delegate* unmanaged<ulong, Attribute*, ulong, ulong*, ulong> CreateObject;

        [FieldOffset(184)]
        public delegate* unmanaged<ulong, ulong, ulong> DestroyObject;

        [FieldOffset(200)]
        public delegate* unmanaged<ulong, ulong, Attribute*, ulong, ulong> GetAttributeValue;

        [FieldOffset(216)]
        public delegate* unmanaged<ulong, Attribute*, ulong, ulong> FindObjectsInit;

        [FieldOffset(224)]
        public delegate* unmanaged<ulong, ulong*, ulong, ulong*, ulong> FindObjects;

        [FieldOffset(232)]
        public delegate* unmanaged<ulong, ulong> FindObjectsFinal;

        [FieldOffset(480)]
        public delegate* unmanaged<ulong, Mechanism*, Attribute*, ulong, Attribute*, ulong, ulong*, ulong*, ulong> GenerateKeyPair;

        [FieldOffset(504)]
        public delegate* unmanaged<ulong, Mechanism*, ulong, Attribute*, ulong, ulong*, ulong> DeriveKey;
    }
}
