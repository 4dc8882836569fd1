using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Broker.MemoryScanner.Victim;

/// <summary>Memory straight from the kernel, in the kinds that the broker uses.</summary>
internal static unsafe partial class NativePages
{
    private const int ReadWrite = 3;
    private const int MapShared = 1;
    private const int MapPrivate = 2;
    private const int MapAnonymous = 0x20;
    private const int DontDump = 16;
    private const int MemfdSecretCall = 447;
    private const int Pages = 2;

    public static int PageSize => Environment.SystemPageSize;

    private static nuint Size => (nuint)(Pages * PageSize);

    /// <summary>Two locked pages that a core dump leaves out.</summary>
    public static byte* MapLocked()
    {
        var memory = Map(MapPrivate | MapAnonymous, -1);
        Check(Lock(memory, Size));
        Check(Advise(memory, Size, DontDump));
        return memory;
    }

    /// <summary>Two pages that only this process can see; null when the kernel has none.</summary>
    public static byte* MapHidden()
    {
        var file = (int)Call(MemfdSecretCall, 0);
        if (file < 0)
            return null;
        Check(Truncate(file, (long)Size));
        return Map(MapShared, file);
    }

    /// <summary>A file without a name that holds the bytes: only open, or only mapped and never read through the mapping.</summary>
    public static Action HoldInFile(byte[] bytes, bool mapped)
    {
        var file = MemfdCreate("held", 0);
        Check(file);
        Check(Truncate(file, (long)Size));
        var length = bytes.Length;
        Write(bytes);
        if (!mapped)
            return () => Write(new byte[length]);
        var memory = Map(MapShared, file);
        Check(Close(file));
        return () => new Span<byte>(memory, length).Clear();

        void Write(byte[] content)
        {
            fixed (byte* start = content)
                Check((int)PWrite(file, start, (nuint)content.Length, 0));
        }
    }

    public static void Forbid(byte* memory) => Check(Protect(memory, Size, 0));

    public static void Allow(byte* memory) => Check(Protect(memory, Size, ReadWrite));

    private static byte* Map(int flags, int file)
    {
        var memory = MMap(null, Size, ReadWrite, flags, file, 0);
        Check((nint)memory == -1 ? -1 : 0);
        return memory;
    }

    private static void Check(int result)
    {
        if (result < 0)
            throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial byte* MMap(byte* at, nuint size, int protection, int flags, int file, long offset);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Protect(byte* at, nuint size, int protection);

    [LibraryImport("libc", EntryPoint = "mlock", SetLastError = true)]
    private static partial int Lock(byte* at, nuint size);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int Advise(byte* at, nuint size, int advice);

    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int MemfdCreate(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    private static partial int Truncate(int file, long size);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    private static partial long PWrite(int file, byte* bytes, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int file);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Call(long number, long argument);
}
