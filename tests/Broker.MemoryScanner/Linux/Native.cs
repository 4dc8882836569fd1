using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Broker.MemoryScanner.Linux;

/// <summary>The system calls that .NET has no method for, or one that throws for each unreadable page.</summary>
internal static partial class Native
{
    public const int SigCont = 18;
    public const int SigStop = 19;
    public const int NoSuchAddress = 6; // ENXIO: lseek found no more data

    private const int SeekData = 3;
    private const int SeekHole = 4;
    private const int AtFdCwd = -100;
    private const int AtSymlinkNoFollow = 0x100;
    private const uint StatxType = 1;
    private const int StatxModeOffset = 28;
    private const ushort FileTypeMask = 0xF000;
    private const ushort RegularFile = 0x8000;

    /// <summary>Reads at an offset; the count, 0 at the end, or -1 with the error in <see cref="Marshal.GetLastPInvokeError"/>.</summary>
    public static unsafe long Read(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        fixed (byte* start = buffer)
            return PRead(file, start, (nuint)buffer.Length, offset);
    }

    /// <summary>Offset of the first data at or after <paramref name="offset"/>; -1 on error.</summary>
    public static long NextData(SafeFileHandle file, long offset) => LSeek(file, offset, SeekData);

    /// <summary>Offset of the first hole at or after <paramref name="offset"/>, the end of the file being one; -1 on error.</summary>
    public static long NextHole(SafeFileHandle file, long offset) => LSeek(file, offset, SeekHole);

    /// <summary>Whether the path itself (not what a link points to) is a regular file: opening a pipe would wait for its writer.</summary>
    public static unsafe bool IsRegularFile(string path)
    {
        var status = stackalloc byte[256];
        return StatX(AtFdCwd, path, AtSymlinkNoFollow, StatxType, status) == 0
            && (*(ushort*)(status + StatxModeOffset) & FileTypeMask) == RegularFile;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    private static unsafe partial long PRead(SafeFileHandle file, byte* buffer, nuint count, long offset);

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long LSeek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static unsafe partial int StatX(int directory, string path, int flags, uint mask, byte* status);
}
