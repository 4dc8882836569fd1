using System.Runtime.InteropServices;

namespace Broker.Secrets;

/// <summary>Closes the doors through which a process of the same user, or a crash, could read this process's memory.</summary>
public static class ProcessHardening
{
    /// <summary>
    /// Makes the process non-dumpable (no ptrace and no <c>/proc/PID/mem</c> for the same user, no core file) and sets its core limit
    /// to 0. To be called first thing in <c>Main</c>. The runtime's own diagnostics port is closed by <c>DOTNET_EnableDiagnostics=0</c>
    /// in the environment, which a running process cannot do for itself.
    /// </summary>
    /// <exception cref="SecretMemoryException">The kernel refused.</exception>
    public static void Apply()
    {
        if (LibC.Control(LibC.SetDumpable, 0, 0, 0, 0) != 0)
            throw SecretMemoryException.CallFailed("prctl(PR_SET_DUMPABLE)", Marshal.GetLastPInvokeError());
        if (LibC.SetLimit(LibC.LimitCore, new LibC.ResourceLimit()) != 0)
            throw SecretMemoryException.CallFailed("setrlimit(RLIMIT_CORE)", Marshal.GetLastPInvokeError());
    }
}
