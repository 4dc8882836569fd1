using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Agents;

/// <summary>
/// Where agents are connected, as far as nodes have told. Everything here is a hint: whoever believes a wrong one finds the agent not
/// connected, nothing more. Thread-safe.
/// </summary>
internal interface IAgentDirectory
{
    /// <summary>This node holds the agent's link from now on.</summary>
    /// <param name="customer">The customer.</param>
    /// <param name="agent">The agent.</param>
    /// <param name="link">The number of the link, by which it is withdrawn; later ones of this node are higher.</param>
    /// <param name="cancellation">Gives up.</param>
    ValueTask PublishAsync(Name customer, Name agent, ulong link, CancellationToken cancellation);

    /// <summary>The link is gone. One that another has taken the place of changes nothing.</summary>
    ValueTask WithdrawAsync(Name customer, Name agent, ulong link, CancellationToken cancellation);

    /// <summary>The node that holds the agent's link, this one included; null where nobody is known to.</summary>
    ValueTask<Name?> FindAsync(Name customer, Name agent, CancellationToken cancellation);

    /// <summary>A node was heard to hold the agent's link.</summary>
    void Heard(Name customer, Name agent, Name node);

    /// <summary>Whether this node itself holds the agent's link.</summary>
    bool IsHere(Name customer, Name agent);
}
