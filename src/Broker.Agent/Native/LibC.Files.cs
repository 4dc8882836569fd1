using System.Runtime.InteropServices;

[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace Broker.Agent.Native;

/// <summary>The calls of libc that make, seal and pass descriptors (Linux numbers, 64 bit).</summary>
internal static unsafe partial class LibC
{
    internal const int ErrorInterrupted = 4;
    internal const int ErrorAgain = 11;
    internal const int ErrorPipe = 32;
    internal const uint MemfdCloseOnExec = 1;
    internal const uint MemfdAllowSealing = 2;
    internal const int SetStatusFlags = 4;
    internal const int DuplicateCloseOnExec = 1030;
    internal const int SetPipeSize = 1031;
    internal const int AddSeals = 1033;
    internal const int GetSeals = 1034;
    internal const int SealSeal = 0x01;
    internal const int SealShrink = 0x02;
    internal const int SealGrow = 0x04;
    internal const int SealFutureWrite = 0x10;
    internal const int OpenNonBlocking = 0x800;
    internal const int OpenCloseOnExec = 0x80000;
    internal const short PollOut = 4;
    internal const int ProtNone = 0;
    internal const int ProtReadWrite = 3;
    internal const int MapShared = 1;
    internal const int AdviseDontFork = 10;
    internal const int AdviseDontDump = 16;
    internal const nint MapFailed = -1;

    private const string Name = "libc";

    [LibraryImport(Name, EntryPoint = "memfd_create", SetLastError = true)]
    internal static partial int MemfdCreate(byte* name, uint flags);

    [LibraryImport(Name, EntryPoint = "fchmod", SetLastError = true)]
    internal static partial int ChangeMode(int descriptor, uint mode);

    [LibraryImport(Name, EntryPoint = "ftruncate", SetLastError = true)]
    internal static partial int Truncate(int descriptor, long length);

    [LibraryImport(Name, EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(int descriptor, byte* bytes, nuint count);

    [LibraryImport(Name, EntryPoint = "pwrite", SetLastError = true)]
    internal static partial nint WriteAt(int descriptor, byte* bytes, nuint count, long offset);

    [LibraryImport(Name, EntryPoint = "pread", SetLastError = true)]
    internal static partial nint ReadAt(int descriptor, byte* bytes, nuint count, long offset);

    [LibraryImport(Name, EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int Control(int descriptor, int command, int argument);

    [LibraryImport(Name, EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int descriptor);

    [LibraryImport(Name, EntryPoint = "pipe2", SetLastError = true)]
    internal static partial int Pipe(int* descriptors, int flags);

    [LibraryImport(Name, EntryPoint = "poll", SetLastError = true)]
    internal static partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport(Name, EntryPoint = "mmap", SetLastError = true)]
    internal static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, long offset);

    [LibraryImport(Name, EntryPoint = "munmap", SetLastError = true)]
    internal static partial int Unmap(nint address, nuint length);

    [LibraryImport(Name, EntryPoint = "mprotect", SetLastError = true)]
    internal static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport(Name, EntryPoint = "madvise", SetLastError = true)]
    internal static partial int Advise(nint address, nuint length, int advice);

    [LibraryImport(Name, EntryPoint = "statfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int FileSystem(string path, out FileSystemInfo info);

    /// <summary>struct statfs, of which the type alone is wanted.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 120)]
    internal struct FileSystemInfo
    {
        [FieldOffset(0)]
        public long Type;
    }

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PollEntry
    {
        public int Descriptor;
        public short Wanted;
        public short Happened;
    }
}
