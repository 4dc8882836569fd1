using System.Collections;
using Broker.Agent.Session;
using Broker.Protocol.Ledger;
using Broker.Protocol.Session;
using Broker.Protocol.Statements;
using Broker.Protocol.Wire.Agent;
using Broker.Secrets;
using Google.Protobuf;
using SealedMessage = Broker.Protocol.Wire.Agent.SealedMessage;

namespace Broker.Simulation.Tests;

/// <summary>An agent that forgets, and a relay that speaks in its name.</summary>
internal static class AgentMutations
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        new("an acknowledgement is made by a relay", 50, ["acknowledged-unopened", "acknowledgement-forged"], Relay),
        new("an envelope is opened twice", 50, ["opened-twice"], OpenedTwice),
    ];

    // It has stolen the keys of the session: it keeps the envelope and acknowledges in the agent's name.
    private static void Relay(World world, Cluster cluster) => world.Meddles = () =>
    {
        if (cluster.Links.Count > 0 && cluster.Links[^1].Node is { Relay: null } node)
        {
            node.Relay = bytes => Relayed(cluster, bytes);
        }
    };

    private static byte[]? Relayed(Cluster cluster, byte[] bytes)
    {
        var frame = Frame.Parser.ParseFrom(bytes);
        if (frame.KindCase != Frame.KindOneofCase.SealedMessage ||
            Statement.Read<MessageHeader>(frame.SealedMessage.Header.Span) is not { Type: MessageType.Envelope } header ||
            Live(cluster) is not { } context)
        {
            return bytes;
        }

        var message = context.Seal(
            header with { Type = MessageType.Acknowledged, Items = [] }, new AgentReport(HandOffState.Acknowledged, "").Encode(),
            cluster.Agent!.Process.Fill);
        _ = cluster.Links[^1].Agent.SendAsync(
            new Frame
            {
                SealedMessage = new SealedMessage
                {
                    Header = ByteString.CopyFrom(message.Header.Span),
                    Random = ByteString.CopyFrom(message.Random.Span),
                    Commitment = ByteString.CopyFrom(message.Commitment.Span),
                    Ciphertext = ByteString.CopyFrom(message.Ciphertext.Span),
                },
            },
            CancellationToken.None);
        return null;
    }

    // The receiving chain does not move on and the journal has no memory, while a relay sends everything twice.
    private static void OpenedTwice(World world, Cluster cluster)
    {
        (RatchetChain Chain, ulong Next, byte[] Key) before = default;
        world.Meddles = () =>
        {
            if (cluster.Links.Count > 0 && cluster.Links[^1] is { Node: { Relay: null } node } link)
            {
                node.Relay = bytes =>
                {
                    if (IsSealed(bytes))
                    {
                        link.Agent.Repeat(bytes);
                    }

                    return bytes;
                };
            }

            if (Live(cluster) is not { } context)
            {
                return;
            }

            var chain = Inside.Get<RatchetChain>(context, "_receive");
            var key = Inside.Get<SecretBuffer>(chain, "_chain");
            if (before.Chain == chain && chain.Next > before.Next)
            {
                before.Key.CopyTo(key.Span);
                Inside.SetProperty(chain, "Next", before.Next);
            }
            else
            {
                before = (chain, chain.Next, key.Span.ToArray());
            }

            Inside.Get<IDictionary>(cluster.Agent!.Journal, "_entries").Clear();
        };
    }

    /// <summary>What the agent says in its sessions never arrives.</summary>
    public static void Silence(Cluster cluster)
    {
        if (cluster.Links.Count > 0 && cluster.Links[^1].Agent is { Relay: null } agent)
        {
            agent.Relay = static bytes => IsSealed(bytes) ? null : bytes;
        }
    }

    private static bool IsSealed(byte[] bytes) => Frame.Parser.ParseFrom(bytes).KindCase == Frame.KindOneofCase.SealedMessage;

    private static SessionContext? Live(Cluster cluster) =>
        cluster.Agent is { } agent && Cells.Actor(Cells.Of(agent.Session)) is SessionActor { Shape.IsLive: true } session
            ? Inside.Get<SessionContext>(Inside.Get<object>(session, "_live"), "<Context>k__BackingField")
            : null;
}
