namespace Broker.Agent;

/// <summary>
/// The agent cannot go on, for a reason that whoever runs it can change. The message says what to do; it holds no secret.
/// </summary>
internal sealed class AgentException(string message, string code, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>A stable code for scripts and logs.</summary>
    internal string Code { get; } = code;
}
