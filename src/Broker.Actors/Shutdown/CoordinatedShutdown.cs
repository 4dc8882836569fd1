namespace Broker.Actors;

/// <summary>
/// The end of a process in phases: the tasks of one phase run together, the next phase begins when they have ended or their time is over.
/// Runs once. Thread-safe.
/// </summary>
public sealed class CoordinatedShutdown
{
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly List<ShutdownPhase> _phases;
    private readonly Dictionary<string, List<(string Name, Func<CancellationToken, Task> Run)>?> _tasks = [];
    private readonly List<ShutdownProblem> _problems = [];
    private TaskCompletionSource<ShutdownResult>? _running;

    /// <summary>Makes a shutdown without tasks.</summary>
    /// <param name="time">The clock of the timeouts.</param>
    /// <param name="phases">In any order; null: <see cref="ShutdownPhases.Default"/>.</param>
    /// <exception cref="ArgumentException">A name is there twice or unknown, or the phases wait for each other in a circle.</exception>
    public CoordinatedShutdown(TimeProvider time, IEnumerable<ShutdownPhase>? phases = null)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _phases = PhaseOrder.Of(phases ?? ShutdownPhases.Default);
        foreach (var phase in _phases)
            _tasks.Add(phase.Name, []);
    }

    /// <summary>The phases in the order in which they run.</summary>
    public IReadOnlyList<ShutdownPhase> Phases => _phases;

    /// <summary>Adds a task to a phase that has not begun; also while earlier ones run.</summary>
    /// <param name="phase">Name of the phase.</param>
    /// <param name="task">Name of the task, for what is told of it.</param>
    /// <param name="run">Its token is cancelled when the time of the phase is over; the shutdown goes on then, whether it ends or
    /// not.</param>
    /// <exception cref="ArgumentException">There is no such phase.</exception>
    /// <exception cref="InvalidOperationException">The phase has begun.</exception>
    public void Add(string phase, string task, Func<CancellationToken, Task> run)
    {
        ArgumentNullException.ThrowIfNull(phase);
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(run);
        lock (_gate)
        {
            if (!_tasks.TryGetValue(phase, out var tasks))
                throw new ArgumentException($"there is no phase {phase}", nameof(phase));
            if (tasks is null)
                throw new InvalidOperationException($"phase {phase} has begun and takes no more tasks");
            tasks.Add((task, run));
        }
    }

    /// <summary>
    /// Adds the end of an actor system to <see cref="ShutdownPhases.ActorSystemTerminate"/>; a problem when it takes longer than the phase.
    /// </summary>
    public void AddTermination(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        var phase = _phases.Find(one => one.Name == ShutdownPhases.ActorSystemTerminate)
            ?? throw new InvalidOperationException($"there is no phase {ShutdownPhases.ActorSystemTerminate}");
        Add(phase.Name, system.Name, timeout =>
        {
            _ = system.TerminateAsync(phase.Timeout);
            return system.WhenTerminated;
        });
    }

    /// <summary>Runs the phases. A second call gives the result of the first. Never throws what a task threw.</summary>
    /// <param name="from">The phase to begin with, leaving out those before; null: the first.</param>
    /// <exception cref="ArgumentException">There is no such phase.</exception>
    public Task<ShutdownResult> RunAsync(string? from = null)
    {
        var first = from is null ? 0 : _phases.FindIndex(phase => phase.Name == from);
        if (first < 0)
            throw new ArgumentException($"there is no phase {from}", nameof(from));
        lock (_gate)
        {
            if (_running is not null)
                return _running.Task;
            _running = new TaskCompletionSource<ShutdownResult>(TaskCreationOptions.RunContinuationsAsynchronously);
            foreach (var skipped in _phases.Take(first))
                _tasks[skipped.Name] = null;
        }
        _ = RunFromAsync(first, _running);
        return _running.Task;
    }

    private async Task RunFromAsync(int first, TaskCompletionSource<ShutdownResult> running)
    {
        var complete = true;
        foreach (var phase in _phases.Skip(first))
        {
            if (complete)
                complete = await RunPhaseAsync(phase).ConfigureAwait(false) || phase.Recover;
        }
        lock (_gate)
            running.SetResult(new ShutdownResult([.. _problems], complete));
    }

    /// <returns>True when all of its tasks ended well and in time.</returns>
    private async Task<bool> RunPhaseAsync(ShutdownPhase phase)
    {
        List<(string Name, Func<CancellationToken, Task> Run)> tasks;
        lock (_gate)
        {
            tasks = _tasks[phase.Name]!;
            _tasks[phase.Name] = null;
        }
        using var timeout = new CancellationTokenSource(phase.Timeout, _time);
        var good = await Task.WhenAll(tasks.Select(task => RunTaskAsync(phase.Name, task.Name, task.Run, timeout.Token)))
            .ConfigureAwait(false);
        return Array.TrueForAll(good, static one => one);
    }

    private async Task<bool> RunTaskAsync(string phase, string name, Func<CancellationToken, Task> run, CancellationToken timeout)
    {
        string? thrown;
        try
        {
            // On the pool: a task that blocks its thread must hold up neither the others nor the timeout.
            await Task.Run(() => run(timeout), CancellationToken.None).WaitAsync(timeout).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            thrown = null;
        }
#pragma warning disable CA1031 // The other tasks and the phases after must still run.
        catch (Exception e)
#pragma warning restore CA1031
        {
            thrown = TypeName.Of(e);
        }
        lock (_gate)
            _problems.Add(new ShutdownProblem(phase, name, thrown));
        return false;
    }
}
