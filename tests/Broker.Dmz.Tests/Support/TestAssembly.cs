using System.Runtime.CompilerServices;
using Broker.Secrets;

// The gauge of live secret bytes is of the whole process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Broker.Dmz.Tests.Support;

internal static class TestAssembly
{
    // Mapped memory, so that the tests run where the kernel has no secret memory.
    [ModuleInitializer]
    internal static void Initialize() => SecretMemory.Configure(8L << 20, SecretMemoryBacking.Mmap);
}
