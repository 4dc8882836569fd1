using Broker.Links.Agents;
using Broker.Links.Identity;

namespace Broker.Agent.Link;

/// <summary>Opens links to DMZ nodes.</summary>
internal interface ILinkDialer
{
    /// <summary>Opens a link.</summary>
    /// <param name="key">The agent's certificate.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="LinkLostException">No link came to be.</exception>
    Task<IFrameLink> ConnectAsync(InstallationKey key, CancellationToken cancellation);
}
