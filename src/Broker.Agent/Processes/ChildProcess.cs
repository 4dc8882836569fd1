using System.Runtime.InteropServices;
using Broker.Agent.Native;

namespace Broker.Agent.Processes;

/// <summary>
/// A started child: signalled and waited for by its pidfd, so never mistaken for a later process of the same id. When it has ended,
/// what is left of its process group is killed before its id is given back, so that no helper of its keeps a credential.
/// </summary>
/// <remarks>Thread-safe. A program that leaves its group (a daemon) escapes this; named uses must run in the foreground.</remarks>
internal sealed unsafe class ChildProcess
{
    private const int WaiterStack = 128 << 10;

    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<ExitStatus> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _pidfd;

    private ChildProcess(int pid, int pidfd)
    {
        Pid = pid;
        _pidfd = pidfd;
    }

    /// <summary>The process id, for logs.</summary>
    internal int Pid { get; }

    /// <summary>Completes when the child has ended, its group is killed, and its id is given back. Never faults.</summary>
    internal Task<ExitStatus> Exited => _exited.Task;

    /// <summary>Starts a program; see <see cref="Spawner.Start"/>.</summary>
    /// <exception cref="NativeException">It could not be started.</exception>
    internal static ChildProcess Start(Command command, int input, IReadOnlyList<int> descriptors)
    {
        var pid = Spawner.Start(command, input, descriptors);
        var pidfd = (int)LibC.PidfdOpen(LibC.SysPidfdOpen, pid, 0);
        if (pidfd < 0)
        {
            var error = Marshal.GetLastPInvokeError();
            _ = LibC.Kill(-pid, LibC.SignalKill);
            throw new NativeException("pidfd_open", error);
        }

        var child = new ChildProcess(pid, pidfd);
        new Thread(child.WaitForExit, WaiterStack) { IsBackground = true, Name = $"wait {pid}" }.Start();
        return child;
    }

    /// <summary>Asks the program to end (SIGTERM).</summary>
    internal void Terminate() => Signal(LibC.SignalTerminate);

    /// <summary>Sends the program a signal.</summary>
    internal void Signal(int signal)
    {
        lock (_gate)
        {
            if (_pidfd >= 0)
                _ = LibC.PidfdSendSignal(LibC.SysPidfdSendSignal, _pidfd, signal, 0, 0);
        }
    }

    /// <summary>Ends the program and its group (SIGKILL).</summary>
    internal void Kill()
    {
        lock (_gate)
        {
            // The id is this child's for as long as it has not been waited for, which happens under this lock.
            if (_pidfd >= 0)
                _ = LibC.Kill(-Pid, LibC.SignalKill);
        }
    }

    private static bool Wait(int pidfd, LibC.ExitInfo* info, int options)
    {
        int result;
        while ((result = LibC.Wait(LibC.IdOfDescriptor, pidfd, info, options)) != 0
            && Marshal.GetLastPInvokeError() == LibC.ErrorInterrupted)
        {
        }

        return result == 0;
    }

    private void WaitForExit()
    {
        LibC.ExitInfo info = default;
        var known = Wait(_pidfd, &info, LibC.WaitExited | LibC.WaitLeaveZombie);
        lock (_gate)
        {
            _ = LibC.Kill(-Pid, LibC.SignalKill);
            known = Wait(_pidfd, &info, LibC.WaitExited) && known;
            _ = LibC.Close(_pidfd);
            _pidfd = -1;
        }

        // Unknown only where somebody else waited for the child: the end is certain, the reason is not.
        _exited.SetResult(!known ? new ExitStatus(255, 0)
            : info.Code == LibC.CodeExited ? new ExitStatus(info.Status, 0) : new ExitStatus(0, info.Status));
    }
}
