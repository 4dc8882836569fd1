using Broker.Protocol.Wire.Agent;

namespace Broker.Dmz.Agents;

/// <summary>The link beneath a session: the agent's own, or the way over the node that holds it.</summary>
internal interface IAgentLink
{
    /// <summary>Whether another node holds the agent's link.</summary>
    bool IsRelayed => false;

    /// <summary>Sends frames in order; called again only when it has completed. Any exception means that the link is lost.</summary>
    Task SendAsync(IReadOnlyList<Frame> frames);

    /// <summary>Says goodbye and closes.</summary>
    /// <param name="code">Why.</param>
    /// <param name="after">When the agent shall come again; zero where its own backoff decides.</param>
    void Close(string code, TimeSpan after = default);

    /// <summary>The session is over here, and the agent's link may stay: who holds it looks for the owner again.</summary>
    void Release(string code) => Close(code);
}
