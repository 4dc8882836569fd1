using Broker.Dmz.Node;
using Broker.Dmz.Peers;
using Broker.Links.Peers;
using Broker.Links.Zone;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Wire.Peer;

namespace Broker.Dmz.Tests.Support;

/// <summary>What a scripted peer does with a question who it is.</summary>
internal enum Manner
{
    /// <summary>It says who it is, as the real node does.</summary>
    Answers,

    /// <summary>Its machine refuses the connection.</summary>
    Refuses,

    /// <summary>Nothing comes.</summary>
    Silent,
}

/// <summary>A way to a peer that answers, refuses or is silent as the test says, and counts how often it was asked.</summary>
/// <param name="name">The peer's name.</param>
/// <param name="there">The node that answers.</param>
internal sealed class ScriptedPeer(Name name, DmzContext? there = null) : PeerCaller(name)
{
    private int _asked;

    public override Uri Address { get; } = new("https://127.0.0.1:1");

    public Manner Manner { get; set; }

    /// <summary>Questions that are refused before it does what <see cref="Manner"/> says.</summary>
    public int RefusesFirst { get; set; }

    public int Asked => Volatile.Read(ref _asked);

    /// <summary>Its end of the connection closes.</summary>
    public void Drop() => OnLost();

    public override async Task<TReply> CallAsync<TRequest, TReply>(
        ZoneOperation<TRequest, TReply> operation, TRequest request, CancellationToken cancellationToken)
    {
        if (request is not DescribeRequest question)
        {
            throw new ZoneUnavailableException("zone-unreachable", "it is only asked who it is", null);
        }

        var asked = Interlocked.Increment(ref _asked);
        if (asked <= RefusesFirst || Manner == Manner.Refuses)
        {
            throw new ZoneUnavailableException("zone-unreachable", "the connection is refused", null);
        }

        if (Manner == Manner.Silent)
        {
            var never = new TaskCompletionSource();
            await using var _ = cancellationToken.Register(() => never.TrySetCanceled(cancellationToken));
            await never.Task;
        }

        var answer = await new PeerService(there!, null!).Describe(null!, question, default);
        return (TReply)(object)answer.Reply!;
    }
}
