namespace Broker.Actors;

/// <summary>How a shutdown went.</summary>
/// <param name="Problems">What did not end well, in the order in which it was noticed.</param>
/// <param name="IsComplete">False when a phase that does not recover ended it early.</param>
public sealed record ShutdownResult(IReadOnlyList<ShutdownProblem> Problems, bool IsComplete)
{
    /// <summary>Every task of every phase has ended well. When false the process should say so by its exit code.</summary>
    public bool IsClean => IsComplete && Problems.Count == 0;
}

/// <summary>A task that did not end well.</summary>
/// <param name="Phase">Its phase.</param>
/// <param name="Task">Its name.</param>
/// <param name="ExceptionType">Name of the type of what it threw; null when it did not end within the time of its phase.</param>
public sealed record ShutdownProblem(string Phase, string Task, string? ExceptionType);
