using Broker.Dmz.Customers;
using Broker.Dmz.Peers;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Tests.Placing;

/// <summary>When an owner counts as gone, and when it only does not answer.</summary>
public sealed class PulseSpecs
{
    private static readonly Name Node = Name.Parse("dmz-1");
    private static readonly CustomerOwner Owner = new(Node, Digest.Of("this start"u8), 7);

    private readonly PeerPulses _pulses = new();

    [Fact]
    public void A_node_that_nobody_has_asked_should_not_be_gone() => Assert.False(_pulses.IsGone(Owner));

    [Fact]
    public void One_miss_should_not_be_an_end()
    {
        _pulses.Answered(Node, Owner.Incarnation);
        _pulses.Missed(Node, inTime: true);

        Assert.False(_pulses.IsGone(Owner));
        Assert.False(_pulses.Answers(Node));
    }

    [Fact]
    public void Two_refused_connections_should_be_an_end()
    {
        _pulses.Missed(Node, inTime: true);
        _pulses.Missed(Node, inTime: true);

        Assert.True(_pulses.IsGone(Owner));
        Assert.False(_pulses.MayLive(Node));
    }

    [Fact]
    public void Four_late_answers_should_be_an_end_that_may_be_a_cut()
    {
        _pulses.Missed(Node, inTime: false);
        _pulses.Missed(Node, inTime: false);
        _pulses.Missed(Node, inTime: false);
        Assert.False(_pulses.IsGone(Owner));
        _pulses.Missed(Node, inTime: false);

        Assert.True(_pulses.IsGone(Owner));
        Assert.True(_pulses.MayLive(Node));
    }

    [Fact]
    public void Another_start_of_the_node_should_be_the_end_of_the_one_before()
    {
        _pulses.Answered(Node, Digest.Of("another start"u8));

        Assert.True(_pulses.IsGone(Owner));
        Assert.False(_pulses.IsSilent(Node));
    }

    [Fact]
    public void An_answer_should_make_up_for_every_miss()
    {
        _pulses.Missed(Node, inTime: true);
        _pulses.Missed(Node, inTime: true);
        _pulses.Answered(Node, Owner.Incarnation);

        Assert.False(_pulses.IsGone(Owner));
        Assert.True(_pulses.Answers(Node));
    }
}
