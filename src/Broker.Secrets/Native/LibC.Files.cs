using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Broker.Secrets;

/// <summary>Reading into locked memory, of files and pipes alike.</summary>
internal static unsafe partial class LibC
{
    /// <summary>Reads once, beginning again where a signal came in between.</summary>
    /// <returns>Bytes read, 0 at the end.</returns>
    /// <exception cref="IOException">The descriptor cannot be read.</exception>
    internal static int Read(SafeFileHandle source, Span<byte> destination)
    {
        fixed (byte* bytes = destination)
        {
            while (true)
            {
                var read = Read(source, bytes, (nuint)destination.Length);
                if (read >= 0)
                    return (int)read;
                if (Marshal.GetLastPInvokeError() is not ErrorInterrupted and var error)
                    throw new IOException($"read failed with errno {error}");
            }
        }
    }

    [LibraryImport(Name, EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeFileHandle source, byte* destination, nuint length);
}
