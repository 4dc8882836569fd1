namespace Broker.Agent.Link;

/// <summary>A link could not be made, or has ended.</summary>
/// <param name="code">A stable code.</param>
/// <param name="inner">The cause, for logs.</param>
internal sealed class LinkLostException(string code, Exception? inner = null) : Exception(code, inner)
{
    internal string Code { get; } = code;
}
