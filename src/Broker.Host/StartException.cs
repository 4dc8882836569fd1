namespace Broker.Host;

/// <summary>The node cannot start. The messages are for the operator: what is wrong, and what to do next.</summary>
public sealed class StartException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="problems">Everything that was found, lower case, without secrets.</param>
    public StartException(params IReadOnlyList<string> problems)
        : base(string.Join('\n', problems)) => Problems = problems;

    /// <summary>Everything that was found.</summary>
    public IReadOnlyList<string> Problems { get; }
}
