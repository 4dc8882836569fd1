using System.Runtime.InteropServices;

namespace Broker.Secrets;

/// <summary>The calls of libc that concern the process as a whole: its limits, its flags, its randomness.</summary>
internal static partial class LibC
{
    internal const int SetDumpable = 4;
    internal const int LimitCore = 4;
    internal const int LimitLockedMemory = 8;
    internal const int ErrorInterrupted = 4;
    internal const int ErrorAgain = 11;
    internal const int ErrorNoMemory = 12;
    internal const int ErrorNotPermitted = 1;

    private const string Name = "libc";

    [LibraryImport(Name, EntryPoint = "prctl", SetLastError = true)]
    internal static partial int Control(int option, ulong value, ulong third, ulong fourth, ulong fifth);

    [LibraryImport(Name, EntryPoint = "setrlimit", SetLastError = true)]
    internal static partial int SetLimit(int resource, in ResourceLimit limit);

    [LibraryImport(Name, EntryPoint = "getrlimit", SetLastError = true)]
    internal static partial int GetLimit(int resource, out ResourceLimit limit);

    [LibraryImport(Name, EntryPoint = "getrandom", SetLastError = true)]
    internal static unsafe partial nint GetRandom(byte* buffer, nuint length, uint flags);

    /// <summary>A soft limit and the ceiling that it may be raised to; <see cref="ulong.MaxValue"/> is no limit.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ResourceLimit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
