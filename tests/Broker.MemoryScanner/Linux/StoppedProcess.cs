using System.Runtime.InteropServices;

namespace Broker.MemoryScanner.Linux;

/// <summary>Holds a process stopped until disposed, also when the scanner itself is interrupted. One that stood already stays so.</summary>
internal sealed class StoppedProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly int _pid;
    private readonly bool _wasStopped;
    private readonly List<PosixSignalRegistration> _interrupts = [];

    /// <summary>Stops the process and waits until each of its threads stands.</summary>
    /// <exception cref="ScanException">It cannot be stopped.</exception>
    public StoppedProcess(int pid)
    {
        _pid = pid;
        _wasStopped = Stands();
        if (_wasStopped)
            return;
        // The default action of the signal follows the handler: the scanner still ends.
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
            _interrupts.Add(PosixSignalRegistration.Create(signal, _ => Continue()));
        if (Native.Kill(pid, Native.SigStop) == 0 && SpinWait.SpinUntil(Stands, Patience))
            return;
        Dispose();
        throw new ScanException($"process {pid} cannot be stopped: run as root or as its user, or scan it while it runs");
    }

    public void Dispose()
    {
        if (!_wasStopped)
            Continue();
        foreach (var interrupt in _interrupts)
            interrupt.Dispose();
    }

    private void Continue() => _ = Native.Kill(_pid, Native.SigCont);

    private bool Stands()
    {
        try
        {
            return Directory.EnumerateDirectories($"/proc/{_pid}/task").All(task =>
            {
                // "pid (name) S …": the name may hold anything, also a parenthesis.
                var status = File.ReadAllText(Path.Combine(task, "stat"));
                return status[status.LastIndexOf(')') + 2] is 'T' or 't' or 'Z' or 'X';
            });
        }
        catch (IOException)
        {
            return false; // a thread ended meanwhile: look again
        }
    }
}
