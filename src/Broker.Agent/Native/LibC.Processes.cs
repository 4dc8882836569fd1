using System.Runtime.InteropServices;

namespace Broker.Agent.Native;

/// <summary>The calls of libc that start, signal and wait for children (glibc 2.34 or later, Linux 5.4 or later).</summary>
internal static unsafe partial class LibC
{
    internal const int SignalHangUp = 1;
    internal const int SignalKill = 9;
    internal const int SignalUser1 = 10;
    internal const int SignalUser2 = 12;
    internal const int SignalTerminate = 15;
    internal const short SpawnSetProcessGroup = 0x02;
    internal const short SpawnSetSignalDefault = 0x04;
    internal const short SpawnSetSignalMask = 0x08;
    internal const int IdOfDescriptor = 3;
    internal const int WaitExited = 4;
    internal const int WaitLeaveZombie = 0x01000000;
    internal const int CodeExited = 1;
    internal const long SysPidfdOpen = 434;
    internal const long SysPidfdSendSignal = 424;

    /// <summary>More than posix_spawn_file_actions_t (80 bytes), posix_spawnattr_t (336) and sigset_t (128) take.</summary>
    internal const int OpaqueSize = 512;

    [LibraryImport(Name, EntryPoint = "posix_spawn")]
    internal static partial int Spawn(int* pid, byte* path, byte* actions, byte* attributes, byte** arguments, byte** environment);

    [LibraryImport(Name, EntryPoint = "posix_spawn_file_actions_init")]
    internal static partial int InitActions(byte* actions);

    [LibraryImport(Name, EntryPoint = "posix_spawn_file_actions_destroy")]
    internal static partial int DestroyActions(byte* actions);

    [LibraryImport(Name, EntryPoint = "posix_spawn_file_actions_adddup2")]
    internal static partial int AddDuplicate(byte* actions, int from, int to);

    [LibraryImport(Name, EntryPoint = "posix_spawn_file_actions_addopen")]
    internal static partial int AddOpen(byte* actions, int descriptor, byte* path, int flags, uint mode);

    [LibraryImport(Name, EntryPoint = "posix_spawn_file_actions_addclosefrom_np")]
    internal static partial int AddCloseFrom(byte* actions, int lowest);

    [LibraryImport(Name, EntryPoint = "posix_spawnattr_init")]
    internal static partial int InitAttributes(byte* attributes);

    [LibraryImport(Name, EntryPoint = "posix_spawnattr_destroy")]
    internal static partial int DestroyAttributes(byte* attributes);

    [LibraryImport(Name, EntryPoint = "posix_spawnattr_setflags")]
    internal static partial int SetFlags(byte* attributes, short flags);

    [LibraryImport(Name, EntryPoint = "posix_spawnattr_setpgroup")]
    internal static partial int SetProcessGroup(byte* attributes, int group);

    [LibraryImport(Name, EntryPoint = "posix_spawnattr_setsigdefault")]
    internal static partial int SetSignalDefault(byte* attributes, byte* set);

    [LibraryImport(Name, EntryPoint = "posix_spawnattr_setsigmask")]
    internal static partial int SetSignalMask(byte* attributes, byte* set);

    [LibraryImport(Name, EntryPoint = "sigfillset")]
    internal static partial int FillSet(byte* set);

    [LibraryImport(Name, EntryPoint = "sigemptyset")]
    internal static partial int EmptySet(byte* set);

    [LibraryImport(Name, EntryPoint = "syscall", SetLastError = true)]
    internal static partial long PidfdOpen(long number, long pid, long flags);

    [LibraryImport(Name, EntryPoint = "syscall", SetLastError = true)]
    internal static partial long PidfdSendSignal(long number, long descriptor, long signal, long info, long flags);

    [LibraryImport(Name, EntryPoint = "kill", SetLastError = true)]
    internal static partial int Kill(int pid, int signal);

    [LibraryImport(Name, EntryPoint = "waitid", SetLastError = true)]
    internal static partial int Wait(int kind, int id, ExitInfo* info, int options);

    /// <summary>siginfo_t as waitid fills it.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    internal struct ExitInfo
    {
        [FieldOffset(8)]
        public int Code;

        [FieldOffset(24)]
        public int Status;
    }
}
