namespace Broker.Secrets;

/// <summary>What kind of pages stand behind a <see cref="SecretMemory"/>.</summary>
public enum SecretMemoryBacking
{
    /// <summary><see cref="MemfdSecret"/> where the kernel offers it, else <see cref="Mmap"/>.</summary>
    Auto = 0,

    /// <summary>
    /// <c>memfd_secret(2)</c>: pages that the kernel itself has no mapping of, so that neither <c>/proc/PID/mem</c> nor a debugger nor a
    /// core dump can read them, not even as root. Never swapped, absent from child processes.
    /// </summary>
    MemfdSecret = 1,

    /// <summary>Anonymous pages, locked against swapping, left out of core dumps, read as zeros in a forked child.</summary>
    Mmap = 2,
}
