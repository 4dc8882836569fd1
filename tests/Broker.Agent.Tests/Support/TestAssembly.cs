using System.Runtime.CompilerServices;
using Broker.Secrets;

namespace Broker.Agent.Tests.Support;

internal static class TestAssembly
{
    /// <summary>Locked memory that the largest envelopes need at both ends, which are one process here.</summary>
    internal const long Capacity = 32 << 20;

#pragma warning disable CA2255 // The one place before any test, which is when the memory can be configured.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Configure()
    {
        try
        {
            SecretMemory.Configure(Capacity);
        }
        catch (SecretMemoryException)
        {
            // An ordinary user may lock less: the tests that need more are skipped and say so.
        }
    }
}
