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
    DmzContext node, CustomerRegistry customers, ActorRef<AgentsMessage> agents, ConnectedAgents connected, ILogger log)
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(10);

    public void Map(IEndpointRouteBuilder routes) => routes.MapAgentLink(node.Time, Serve);

    /// <summary>Serves one link until it ends.</summary>
    internal async Task Serve(PeerIdentity peer, IFrameLink socket, CancellationToken cancellation)
    {
        if (peer.Customer is not { } customer)
        {
            await socket.CloseAsync(LinkRefusal.WrongRole.Code());
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

        connected.Add(customer, peer.Name);
        try
        {
            await Receive(socket, opened.Session, cancellation);
        }
        finally
        {
            connected.Remove(customer, peer.Name);
            opened.Session.Stop();
        }
    }

    private async Task Receive(IFrameLink socket, ActorRef<AgentSessionMessage> session, CancellationToken cancellation)
    {
        try
        {
            while (await socket.ReceiveAsync(cancellation) is { } frame)
            {
                // A full mailbox means that the agent sends faster than it may: the link ends, the queue does not grow.
                if (session.TryTell(new AgentSessionMessage.Received(frame)) != TellResult.Accepted)
                {
                    await socket.CloseAsync(Codes.Busy);
                    return;
                }
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
        public Task SendAsync(Frame frame, CancellationToken cancellationToken) => socket.SendAsync(frame, cancellationToken);

        public void Close(string code) => _ = socket.CloseAsync(code);
    }
}
