using System.Runtime.InteropServices;

namespace Broker.EndToEnd.Tests.Harness;

/// <summary>Signals to processes that this test started.</summary>
internal static partial class Signals
{
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <summary>Sends one; a process that has ended is no error.</summary>
    [LibraryImport("libc", EntryPoint = "kill")]
    public static partial int Send(int pid, int signal);

    /// <summary>Whether all threads of a process are stopped.</summary>
    public static bool IsStopped(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return stat[stat.LastIndexOf(')') + 2] is 'T' or 't';
    }
}
