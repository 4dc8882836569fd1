using Broker.Actors;
using Broker.Dmz.Customers;
using Broker.Dmz.Node;
using Broker.Links.Agents;
using Broker.Links.Identity;
using Broker.Protocol.Wire.Agent;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Broker.Dmz.Agents;

/// <summary>
/// The agents' listener: one actor for each link, under <c>/agents</c>. Who the agent is follows from its certificate alone.
/// </summary>
internal sealed partial class AgentEndpoints(
    DmzContext node, CustomerRegistry customers, ActorRef<AgentsMessage> agents, ConnectedAgents connected, ILogger log,
    IAgentDirectory? directory = null)
{
    /// <summary>Frames that are read and not handled yet; the socket is not read beyond them.</summary>
    internal const int MaxUnhandled = 64;

    private const long MaxUnhandledBytes = 1 << 20;

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(10);

    private readonly IAgentDirectory _directory = directory ?? new StaticAgentDirectory(node);
    private ulong _links;

    public void Map(IEndpointRouteBuilder routes) => routes.MapAgentLink(node.Time, Serve);

    /// <summary>Serves one link until it ends.</summary>
    internal async Task Serve(PeerIdentity peer, IFrameLink socket, CancellationToken cancellation)
    {
        if (peer.Customer is not { } customer)
        {
            await socket.CloseAsync(LinkRefusal.WrongRole.Code());
            return;
        }

        if (node.Drain.IsOn)
        {
            await socket.CloseAsync(TransferCodes.NodeDraining);
            return;
        }

        var refs = await customers.Find(customer, exists: true);
        if (refs.Value is null)
        {
            await socket.CloseAsync(refs.Code!);
            return;
        }

        var link = new SocketLink(socket);
        var session = await agents.Ask<Result<SessionRef>>(
            reply => new AgentsMessage.Open(customer, peer.Name, refs.Value, link, reply), StartTimeout, cancellation);
        if (session.Value is not { } opened)
        {
            await socket.CloseAsync(session.Code!);
            return;
        }

        var number = Interlocked.Increment(ref _links);
        connected.Add(customer, peer.Name, socket.Version);
        try
        {
            await _directory.PublishAsync(customer, peer.Name, number, cancellation);
            await Receive(socket, opened.Session, cancellation);
        }
        finally
        {
            connected.Remove(customer, peer.Name, socket.Version);
            opened.Session.Stop();
            await _directory.WithdrawAsync(customer, peer.Name, number, CancellationToken.None);
        }
    }

    private async Task Receive(IFrameLink socket, ActorRef<AgentSessionMessage> session, CancellationToken cancellation)
    {
        var window = new FrameWindow(MaxUnhandled, MaxUnhandledBytes);
        try
        {
            while (await socket.ReceiveAsync(cancellation) is { } frame)
            {
                if (session.TryTell(new AgentSessionMessage.Received(frame, window.Hold(frame.CalculateSize()))) != TellResult.Accepted)
                {
                    await socket.CloseAsync(Codes.Busy);
                    return;
                }

                await window.RoomAsync(cancellation);
            }
        }
        catch (Exception problem) when (problem is AgentLinkException or OperationCanceledException)
        {
            Log.Lost(log, problem.GetType().Name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2351, LogLevel.Debug, "an agent's link was lost ({Reason})")]
        public static partial void Lost(ILogger log, string reason);
    }

    private sealed class SocketLink(IFrameLink socket) : IAgentLink
    {
        public async Task SendAsync(IReadOnlyList<Frame> frames)
        {
            foreach (var frame in frames)
            {
                await socket.SendAsync(frame, CancellationToken.None);
            }
        }

        public void Close(string code, TimeSpan after = default) => _ = CloseAsync(code, after);

        private async Task CloseAsync(string code, TimeSpan after)
        {
            if (after > TimeSpan.Zero)
            {
                try
                {
                    var goodbye = new Goodbye { Code = code, AfterMilliseconds = (uint)Math.Ceiling(after.TotalMilliseconds) };
                    await socket.SendAsync(new Frame { Goodbye = goodbye }, CancellationToken.None);
                }
                catch (AgentLinkException)
                {
                    // Gone already.
                }
            }

            await socket.CloseAsync(code);
        }
    }
}
