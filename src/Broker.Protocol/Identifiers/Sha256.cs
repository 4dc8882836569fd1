using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Broker.Protocol.Identifiers;

/// <summary>
/// SHA-256 of short public data by the block functions of the platform's libcrypto. A change of a customer's tree hashes some
/// thousand nodes of 65 bytes, and the runtime's one-shot call spends seven eighths of its time on finding the algorithm.
/// </summary>
internal static unsafe partial class Sha256
{
    private const string Library = "libcrypto.so.3";

    // The collector cannot stop a thread inside these calls, so what is long goes the other way.
    private const int Longest = 4096;

    /// <summary>Hashes; the result is 32 bytes.</summary>
    public static void Hash(ReadOnlySpan<byte> data, Span<byte> hash)
    {
        if (data.Length > Longest)
        {
            SHA256.HashData(data, hash);
            return;
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(hash.Length, SHA256.HashSizeInBytes);
        Unsafe.SkipInit(out State state);
        fixed (byte* from = data, to = hash)
        {
            // These three cannot fail, for any input.
            _ = Init(&state);
            _ = Update(&state, from, (nuint)data.Length);
            _ = Final(to, &state);
        }
    }

    [LibraryImport(Library, EntryPoint = "SHA256_Init"), SuppressGCTransition]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Init(State* state);

    [LibraryImport(Library, EntryPoint = "SHA256_Update"), SuppressGCTransition]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Update(State* state, byte* data, nuint length);

    [LibraryImport(Library, EntryPoint = "SHA256_Final"), SuppressGCTransition]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Final(byte* hash, State* state);

    // SHA256_CTX of <openssl/sha.h>: 28 words of 32 bits.
    [InlineArray(28)]
    private struct State
    {
        private uint _first;
    }
}
