using System.Runtime.InteropServices;
using System.Security.Cryptography;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace Broker.Secrets;

/// <summary>The error queue of OpenSSL 3's libcrypto, the same library that the runtime's own cryptography is loaded on.</summary>
internal static partial class LibCrypto
{
    private const string Name = "libcrypto.so.3";

    /// <summary>Empties the thread's error queue, so that the runtime does not take our failure for one of its own.</summary>
    internal static void ForgetErrors() => ClearErrors();

    /// <summary>Throws where a call that cannot fail for reasons of its input has failed, for instance for want of memory.</summary>
    internal static void Check(bool succeeded, string call)
    {
        if (succeeded)
            return;

        ClearErrors();
        throw new CryptographicException(
            $"the cryptography library failed in {call}: memory or its locked heap is full, or it is not OpenSSL 3");
    }

    [LibraryImport(Name, EntryPoint = "ERR_clear_error")]
    private static partial void ClearErrors();
}
