using Broker.Links.Agents;
using Broker.Links.Identity;
using Broker.Links.Tls;

namespace Broker.Agent.Link;

/// <summary>Opens links to the DMZ nodes, each attempt to the next one, and gives every failure a stable code.</summary>
/// <param name="order">The nodes, <c>https://host:port</c>.</param>
/// <param name="time">The clock.</param>
/// <param name="connectTimeout">For connecting, the handshake and the upgrade together.</param>
internal sealed class LinkDialer(DialOrder order, TimeProvider time, TimeSpan connectTimeout) : ILinkDialer
{
    /// <inheritdoc/>
    public async Task<IFrameLink> ConnectAsync(InstallationKey key, CancellationToken cancellation)
    {
        var address = order.Next();
        using var late = new CancellationTokenSource(connectTimeout, time);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        var server = new LinkServer(LinkRole.Dmz) { ConnectTimeout = connectTimeout };
        try
        {
            return await AgentLink.ConnectAsync(address, key, server, time, over.Token).ConfigureAwait(false);
        }
        catch (LinkConnectException e)
        {
            throw new LinkLostException(e.Refusal?.Code() ?? "not-connected", e);
        }
        catch (OperationCanceledException e)
        {
            throw new LinkLostException("not-connected", e);
        }
    }
}
