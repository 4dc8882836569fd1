using System.Runtime.CompilerServices;

// Gauges and limits are the process's: one test at a time, so that each can be exact about them.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Broker.Secrets.Tests;

internal static class TestAssembly
{
    /// <summary>As a node starts, but with pages that a scanner can see, within the limit that an ordinary user has.</summary>
    [ModuleInitializer]
    internal static void ConfigureMemory()
    {
        SecretMemory.Configure(4 << 20, SecretMemoryBacking.Mmap);
        ProcessHardening.LockCryptoHeap(1 << 20);
    }
}
