using System.Net;
using Broker.Agent.Link;
using Broker.Links.Agents;
using Broker.Links.Identity;
using Broker.Links.Tls;

namespace Broker.Benchmarks.Scale;

/// <summary>Connects as an agent does, but not thousands at once, which no machine that they run on would do either.</summary>
internal sealed class FleetDialer(IReadOnlyList<Uri> nodes, IPAddress? from, SemaphoreSlim connecting) : ILinkDialer
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private int _next;

    public async Task<IFrameLink> ConnectAsync(InstallationKey key, CancellationToken cancellation)
    {
        await connecting.WaitAsync(cancellation);
        try
        {
            return await ConnectAsync(nodes[_next++ % nodes.Count], key, from, cancellation);
        }
        catch (LinkConnectException e)
        {
            throw new LinkLostException(e.Refusal?.Code() ?? "not-connected", e);
        }
        finally
        {
            connecting.Release();
        }
    }

    /// <summary>Opens the link alone, without a session on it.</summary>
    public static async Task<FrameSocket> ConnectAsync(Uri node, InstallationKey key, IPAddress? from, CancellationToken cancellation) =>
        await AgentLink.ConnectAsync(
            node, key, new LinkServer(LinkRole.Dmz) { ConnectTimeout = Timeout, From = from }, TimeProvider.System, cancellation);
}
