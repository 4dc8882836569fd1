using System.Runtime.InteropServices;

namespace Broker.Secrets;

/// <summary>The library's own locked heap, where it keeps private numbers once the heap is set up.</summary>
internal static partial class LibCrypto
{
    /// <summary>1: set up and locked; 2: set up but not locked; 0: failed, or set up before.</summary>
    [LibraryImport(Name, EntryPoint = "CRYPTO_secure_malloc_init")]
    internal static partial int InitLockedHeap(nuint size, nuint smallestBlock);

    [LibraryImport(Name, EntryPoint = "CRYPTO_secure_malloc_initialized")]
    internal static partial int HasLockedHeap();
}
