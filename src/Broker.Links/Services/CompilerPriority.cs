using System.Runtime.InteropServices;

namespace Broker.Links.Services;

/// <summary>
/// Gives the runtime's background compiler, which compiles once more what is called often, what the process's own work leaves of the
/// processors: else it competes with it for them just after a start, or when a node begins to do what it never did, as at a take-over. The
/// runtime starts the thread when there is something to compile and ends it after some seconds, so it is looked for again and again.
/// </summary>
public sealed partial class CompilerPriority : IDisposable
{
    /// <summary>The nice value of the thread: a tenth of the share of one at 0, which leaves it enough to get on.</summary>
    public const int Niceness = 10;

    // What the kernel keeps of ".NET Tiered Compilation Worker".
    internal const string Thread = ".NET Tiered Com";

    // A thread is named a moment after it exists.
    private const int LooksAtEach = 2;

    // PRIO_PROCESS: on Linux one thread.
    private const int OfThread = 0;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _looks = [];
    private readonly ITimer _timer;
    private bool _isOver;

    private CompilerPriority(TimeProvider time)
    {
        _timer = time.CreateTimer(_ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Begins to look for the thread.</summary>
    /// <param name="time">The clock of the looks.</param>
    public static CompilerPriority Lower(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return new CompilerPriority(time);
    }

    /// <summary>Looks no more. A thread that was found keeps its priority.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            _timer.Dispose();
        }
    }

    private void Look()
    {
        lock (_gate)
        {
            if (_isOver)
                return;
            try
            {
                LookAtThreads();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A thread ended meanwhile, or /proc is not to be read here: nothing depends on it.
            }

            _timer.Change(Pause, Timeout.InfiniteTimeSpan);
        }
    }

    private void LookAtThreads()
    {
        var threads = Directory.GetDirectories("/proc/self/task");
        foreach (var gone in _looks.Keys.Except(threads).ToList())
            _looks.Remove(gone);
        foreach (var thread in threads)
        {
            if (_looks.GetValueOrDefault(thread) is var looks && looks == LooksAtEach)
                continue;
            _looks[thread] = looks + 1;
            if (File.ReadAllText(Path.Combine(thread, "comm")).StartsWith(Thread, StringComparison.Ordinal))
                LowerThread(uint.Parse(Path.GetFileName(thread.AsSpan()), System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    // Of a thread that is gone, or lower already, nothing is to be done.
    private static void LowerThread(uint thread)
    {
        if (GetPriority(OfThread, thread) < Niceness)
            _ = SetPriority(OfThread, thread, Niceness);
    }

    [LibraryImport("libc", EntryPoint = "getpriority")]
    private static partial int GetPriority(int which, uint who);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);
}
