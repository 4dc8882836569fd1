using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Broker.Secrets;

/// <summary>Files that have no name, in kernel memory.</summary>
internal static partial class LibC
{
    /// <summary>memfd_create(2), without close-on-exec: it is there to be inherited.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    internal static SafeFileHandle CreateMemoryFile(string name)
    {
        var descriptor = CreateMemoryFile(name, 0);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException($"memfd_create failed with errno {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport(Name, EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateMemoryFile(string name, uint flags);
}
