using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Broker.Secrets;

/// <summary>
/// SHA-256 by the block functions of libcrypto on a state that lies where the caller says, so in locked memory where what is hashed is
/// secret. The one-shot calls find the algorithm and make a context for each, which costs several times the hashing of a short input.
/// </summary>
internal static partial class LibCrypto
{
    /// <summary>Bytes that are hashed in one call that the collector waits for; what is longer goes in pieces.</summary>
    private const int LongestPiece = 4096;

    /// <summary>Begins.</summary>
    internal static unsafe void Begin(ref Sha256State state)
    {
        // None of the three can fail, for any input.
        fixed (Sha256State* at = &state)
            _ = Sha256Init(at);
    }

    /// <summary>Hashes further bytes.</summary>
    internal static unsafe void Append(ref Sha256State state, ReadOnlySpan<byte> data)
    {
        fixed (Sha256State* at = &state)
        {
            for (; !data.IsEmpty; data = data[Math.Min(LongestPiece, data.Length)..])
            {
                fixed (byte* from = data)
                    _ = Sha256Update(at, from, (nuint)Math.Min(LongestPiece, data.Length));
            }
        }
    }

    /// <summary>Ends: the hash, 32 bytes. The library clears the input that the state still holds.</summary>
    internal static unsafe void End(ref Sha256State state, Span<byte> hash)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(hash.Length, Hkdf.HashSize);
        fixed (Sha256State* at = &state)
        fixed (byte* to = hash)
            _ = Sha256Final(to, at);
    }

    [LibraryImport(Name, EntryPoint = "SHA256_Init"), SuppressGCTransition]
    private static unsafe partial int Sha256Init(Sha256State* state);

    [LibraryImport(Name, EntryPoint = "SHA256_Update"), SuppressGCTransition]
    private static unsafe partial int Sha256Update(Sha256State* state, byte* data, nuint length);

    [LibraryImport(Name, EntryPoint = "SHA256_Final"), SuppressGCTransition]
    private static unsafe partial int Sha256Final(byte* hash, Sha256State* state);

    /// <summary>SHA256_CTX of &lt;openssl/sha.h&gt;: 28 words of 32 bits.</summary>
    [InlineArray(28)]
    internal struct Sha256State
    {
        private uint _first;
    }
}
