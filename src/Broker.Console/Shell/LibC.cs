using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Broker.Console.Shell;

/// <summary>The calls of libc that the runtime's own classes would put a buffer or a thread before (Linux numbers, 64 bit).</summary>
internal static partial class LibC
{
    private const int SignalStop = 19;
    private const int ErrorInterrupted = 4;

    /// <summary>read(2) straight into the span.</summary>
    /// <returns>Bytes read; 0 at the end.</returns>
    public static unsafe int Read(SafeFileHandle file, Span<byte> destination)
    {
        fixed (byte* buffer = destination)
        {
            while (true)
            {
                var read = Read(file, buffer, (nuint)destination.Length);
                if (read >= 0)
                    return (int)read;
                if (Marshal.GetLastPInvokeError() is var error and not ErrorInterrupted)
                    throw new IOException($"the input cannot be read: errno {error}");
            }
        }
    }

    /// <summary>Stops this process until it is continued.</summary>
    public static void StopSelf() => _ = Raise(SignalStop);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static unsafe partial nint Read(SafeFileHandle file, byte* buffer, nuint length);

    [LibraryImport("libc", EntryPoint = "raise")]
    private static partial int Raise(int signal);
}
