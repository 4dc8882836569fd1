using System.Numerics;
using System.Runtime.InteropServices;

namespace Broker.Secrets;

/// <summary>Closes the doors through which a process of the same user, or a crash, could read this process's memory.</summary>
public static class ProcessHardening
{
    private const int SmallestHeapBlock = 32;

    /// <summary>
    /// Makes the process non-dumpable (no ptrace and no <c>/proc/PID/mem</c> for the same user, no core file) and sets its core limit
    /// to 0. To be called first thing in <c>Main</c>. The runtime's own diagnostics port is closed by <c>DOTNET_EnableDiagnostics=0</c>
    /// in the environment, which a running process cannot do for itself.
    /// </summary>
    /// <exception cref="SecretMemoryException">The kernel refused.</exception>
    public static void Apply()
    {
        if (LibC.Control(LibC.SetDumpable, 0, 0, 0, 0) != 0)
            throw SecretMemoryException.CallFailed("prctl(PR_SET_DUMPABLE)", Marshal.GetLastPInvokeError());
        if (LibC.SetLimit(LibC.LimitCore, new LibC.ResourceLimit()) != 0)
            throw SecretMemoryException.CallFailed("setrlimit(RLIMIT_CORE)", Marshal.GetLastPInvokeError());
    }

    /// <summary>
    /// Gives the crypto library a locked heap for the private numbers of its keys, so that a <see cref="P256PrivateKey"/> that lives for
    /// long is not in memory that may be swapped or dumped. To be called once, before the first key. The runtime's TLS and signatures
    /// share the heap, each key and handshake taking some hundred bytes of it; when it is full, making a key fails with an exception.
    /// </summary>
    /// <param name="size">Bytes, a power of two, 64 KiB … 1 GiB; 1 MiB serves thousands of keys. Counts against RLIMIT_MEMLOCK.</param>
    /// <exception cref="SecretMemoryException">The heap was set up before, or could not be locked.</exception>
    public static void LockCryptoHeap(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1 << 16);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, 1 << 30);
        if (!BitOperations.IsPow2(size))
            throw new ArgumentException("the size of the crypto library's heap is a power of two", nameof(size));

        if (LibCrypto.HasLockedHeap() == 1)
            throw SecretMemoryException.HeapInUse();
        if (LibCrypto.InitLockedHeap((nuint)size, SmallestHeapBlock) == 1)
            return;

        var error = Marshal.GetLastSystemError();
        throw LibC.GetLimit(LibC.LimitLockedMemory, out var limit) == 0 && limit.Soft != ulong.MaxValue
            ? SecretMemoryException.LimitTooLow(size, limit.Soft)
            : SecretMemoryException.CallFailed("CRYPTO_secure_malloc_init", error);
    }
}
