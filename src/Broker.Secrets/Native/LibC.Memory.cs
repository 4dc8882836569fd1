using System.Runtime.InteropServices;

namespace Broker.Secrets;

/// <summary>The calls of libc that map, lock and describe memory (Linux numbers, 64 bit).</summary>
internal static partial class LibC
{
    internal const int ProtNone = 0;
    internal const int ProtReadWrite = 3;
    internal const int MapShared = 0x01;
    internal const int MapPrivate = 0x02;
    internal const int MapFixed = 0x10;
    internal const int MapAnonymous = 0x20;
    internal const int MapNoReserve = 0x4000;
    internal const int AdviseDontFork = 10;
    internal const int AdviseDontDump = 16;
    internal const int AdviseWipeOnFork = 18;
    internal const long SysMemfdSecret = 447;
    internal const uint CloseOnExec = 0x80000;
    internal const nint MapFailed = -1;

    [LibraryImport(Name, EntryPoint = "mmap", SetLastError = true)]
    internal static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport(Name, EntryPoint = "munmap", SetLastError = true)]
    internal static partial int Unmap(nint address, nuint length);

    [LibraryImport(Name, EntryPoint = "mlock", SetLastError = true)]
    internal static partial int Lock(nint address, nuint length);

    [LibraryImport(Name, EntryPoint = "madvise", SetLastError = true)]
    internal static partial int Advise(nint address, nuint length, int advice);

    [LibraryImport(Name, EntryPoint = "ftruncate", SetLastError = true)]
    internal static partial int Truncate(int descriptor, long length);

    [LibraryImport(Name, EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int descriptor);

    [LibraryImport(Name, EntryPoint = "syscall", SetLastError = true)]
    internal static partial long MemfdSecret(long number, uint flags);
}
