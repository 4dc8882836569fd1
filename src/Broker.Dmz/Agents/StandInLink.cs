using Broker.Actors;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Wire.Agent;
using Google.Protobuf;
using Wire = Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Agents;

/// <summary>
/// The owner's end of a relay: what a session says goes to the node that holds the agent's link. Which session is the agent's is decided
/// by the key actor; this only carries, and counts.
/// </summary>
internal sealed class StandInLink(PeerCaller holder, Id16 relay, Name customer, Name agent, TimeProvider time) : IAgentLink
{
    /// <summary>Frames of the agent that may wait for the key actor.</summary>
    internal const int MaxUp = 64;

    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);

    private long _seen = time.GetTimestamp();
    private int _taking;

    public bool IsRelayed => true;

    /// <summary>The node that holds the agent's link.</summary>
    public Name Holder => holder.Node;

    public Id16 Relay => relay;

    public Name Customer => customer;

    public Name Agent => agent;

    /// <summary>The session's actor; set before the holder hears that the relay is there.</summary>
    public ActorRef<AgentSessionMessage>? Session { get; set; }

    /// <summary>What of the agent has not been handled yet.</summary>
    public FrameWindow Up { get; } = new(MaxUp, AgentRelayOperations.MaxUp);

    /// <summary>Whether a session came to be on it.</summary>
    public bool IsLive { get; private set; }

    /// <summary>The holder has ended it: nothing is told there any more.</summary>
    public bool IsOver { get; set; }

    /// <summary>How long the holder has been silent.</summary>
    public TimeSpan Silence => time.GetElapsedTime(Interlocked.Read(ref _seen));

    /// <summary>The holder still has the agent.</summary>
    public void Saw() => Interlocked.Exchange(ref _seen, time.GetTimestamp());

    /// <summary>Lets one call at a time in, so that frames keep their order.</summary>
    public bool TryEnter() => Interlocked.Exchange(ref _taking, 1) == 0;

    public void Leave() => Volatile.Write(ref _taking, 0);

    public async Task SendAsync(IReadOnlyList<Frame> frames)
    {
        var request = new Wire.CarryFramesRequest { Relay = ByteString.CopyFrom(relay.ToArray()) };
        foreach (var frame in frames)
        {
            IsLive |= frame.KindCase == Frame.KindOneofCase.OwnerFinish;
            request.Frames.Add(frame.ToByteString());
        }

        await holder.CallAsync(AgentRelayOperations.Down, request, CancellationToken.None);
    }

    public void Close(string code, TimeSpan after = default) => _ = Tell(code, again: false);

    public void Release(string code) => _ = Tell(code, again: true);

    private async Task Tell(string code, bool again)
    {
        if (IsOver)
        {
            return;
        }

        IsOver = true;
        using var limit = new CancellationTokenSource(ClosePatience, time);
        try
        {
            await holder.CallAsync(
                AgentRelayOperations.Close,
                new Wire.CloseAgentRequest { Relay = ByteString.CopyFrom(relay.ToArray()), Code = code, ByOwner = true, Again = again },
                limit.Token);
        }
        catch (Exception problem) when (problem is ZoneException or OperationCanceledException)
        {
            // The holder finds out when it asks which relays are known.
        }
    }
}
