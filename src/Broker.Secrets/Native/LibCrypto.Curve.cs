using System.Runtime.InteropServices;

namespace Broker.Secrets;

/// <summary>Arithmetic on the curve itself: the public point of a scalar.</summary>
internal static unsafe partial class LibCrypto
{
    internal const int NidP256 = 415;
    internal const int Uncompressed = 4;
    internal const int ConstantTime = 4;

    [LibraryImport(Name, EntryPoint = "EC_GROUP_new_by_curve_name")]
    internal static partial nint NewGroup(int nid);

    [LibraryImport(Name, EntryPoint = "EC_POINT_new")]
    internal static partial nint NewPoint(nint group);

    [LibraryImport(Name, EntryPoint = "EC_POINT_free")]
    internal static partial void FreePoint(nint point);

    [LibraryImport(Name, EntryPoint = "EC_POINT_mul")]
    internal static partial int Multiply(nint group, nint result, nint generatorScalar, nint point, nint pointScalar, nint context);

    [LibraryImport(Name, EntryPoint = "EC_POINT_point2oct")]
    internal static partial nuint WritePoint(nint group, nint point, int form, byte* buffer, nuint length, nint context);

    [LibraryImport(Name, EntryPoint = "BN_CTX_secure_new")]
    internal static partial nint NewSecureScratch();

    [LibraryImport(Name, EntryPoint = "BN_CTX_free")]
    internal static partial void FreeScratch(nint context);

    [LibraryImport(Name, EntryPoint = "BN_secure_new")]
    internal static partial nint NewSecureNumber();

    [LibraryImport(Name, EntryPoint = "BN_bin2bn")]
    internal static partial nint ReadNumber(byte* bigEndian, int length, nint number);

    [LibraryImport(Name, EntryPoint = "BN_set_flags")]
    internal static partial void SetFlags(nint number, int flags);

    [LibraryImport(Name, EntryPoint = "BN_clear_free")]
    internal static partial void FreeNumber(nint number);
}
