namespace Broker.Agent.Processes;

/// <summary>How a child ended.</summary>
/// <param name="Code">The exit code, 0 to 255; of no meaning where a signal ended it.</param>
/// <param name="Signal">The signal that ended it, or 0.</param>
internal readonly record struct ExitStatus(int Code, int Signal)
{
    /// <summary>Whether it ended by itself with code 0.</summary>
    internal bool Succeeded => Signal == 0 && Code == 0;

    /// <summary>A stable code for reports: <c>exit-N</c> or <c>signal-N</c>.</summary>
    public override string ToString() => Signal == 0 ? $"exit-{Code}" : $"signal-{Signal}";
}
