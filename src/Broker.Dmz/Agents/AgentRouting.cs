using Broker.Dmz.Node;
using Microsoft.Extensions.Logging;

namespace Broker.Dmz.Agents;

/// <summary>What all sessions with agents of one node share.</summary>
/// <param name="Node">The node.</param>
/// <param name="Pace">The rate at which sessions of links that this node holds are begun.</param>
/// <param name="Places">Handshakes that are under way where this node owns the customer, for whatever link.</param>
/// <param name="Owners">Which node owns a customer.</param>
/// <param name="Directory">Where agents are connected.</param>
/// <param name="Relays">Sessions whose two ends are on two nodes.</param>
/// <param name="Log">The log.</param>
internal sealed record AgentRouting(
    DmzContext Node, HandshakePace Pace, HandshakePlaces Places, OwnerLookup Owners, IAgentDirectory Directory, AgentRelays Relays,
    ILogger Log)
{
    /// <summary>What a node has by its configuration.</summary>
    /// <param name="node">The node.</param>
    /// <param name="perSecond">Sessions that are begun in a second: of links held here, and again for each peer that holds links.</param>
    /// <param name="capacity">Agents at a time: held here, and again for each peer.</param>
    /// <param name="connected">For listings.</param>
    /// <param name="log">The log.</param>
    public static AgentRouting Make(DmzContext node, int perSecond, int capacity, ConnectedAgents connected, ILogger log) => new(
        node, new HandshakePace(node.Time, perSecond), new HandshakePlaces(node.Time, HandshakePlaces.Default), new OwnerLookup(node),
        new StaticAgentDirectory(node), new AgentRelays(node.Time, perSecond, capacity, connected), log);
}
