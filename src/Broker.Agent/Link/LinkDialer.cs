using Broker.Links.Agents;
using Broker.Links.Identity;
using Broker.Links.Tls;

namespace Broker.Agent.Link;

/// <summary>Opens links to the DMZ nodes of a fixed list, each attempt to the next one, and gives every failure a stable code.</summary>
/// <param name="addresses">At least one, <c>https://host:port</c>.</param>
/// <param name="time">The clock.</param>
/// <param name="connectTimeout">For connecting, the handshake and the upgrade together.</param>
internal sealed class LinkDialer(IReadOnlyList<Uri> addresses, TimeProvider time, TimeSpan connectTimeout) : ILinkDialer
{
    private int _next;

    /// <inheritdoc/>
    public async Task<IFrameLink> ConnectAsync(InstallationKey key, CancellationToken cancellation)
    {
        var address = addresses[_next++ % addresses.Count];
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
