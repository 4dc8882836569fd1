using Broker.Dmz.Forwarding;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Tests.Forwarding;

/// <summary>What is under way stays within its bounds, whoever comes and goes at the same time.</summary>
public sealed class InFlightSpecs
{
    private static readonly Name[] Names = [Name.Parse("a"), Name.Parse("b"), Name.Parse("c")];

    [Fact]
    public void One_should_not_take_what_is_for_all()
    {
        var bound = new InFlight(each: 2, all: 3);

        Assert.True(bound.TryEnter(Names[0]));
        Assert.True(bound.TryEnter(Names[0]));
        Assert.False(bound.TryEnter(Names[0]));
        Assert.True(bound.TryEnter(Names[1]));
        Assert.False(bound.TryEnter(Names[2]));
        bound.Leave(Names[0]);
        Assert.True(bound.TryEnter(Names[2]));
        Assert.Equal(3, bound.Count);
    }

    [Fact]
    public void An_amount_that_does_not_fit_should_take_nothing()
    {
        var bound = new InFlight(each: 100, all: 150);

        Assert.False(bound.TryEnter(Names[0], 101));
        Assert.True(bound.TryEnter(Names[0], 100));
        Assert.False(bound.TryEnter(Names[1], 51));
        Assert.True(bound.TryEnter(Names[1], 50));
        bound.Leave(Names[0], 100);
        bound.Leave(Names[1], 50);
        Assert.Equal(0, bound.Count);
    }

    [Fact]
    public void Bounds_should_hold_under_threads_and_everything_be_given_back()
    {
        var bound = new InFlight(each: 3, all: 5);
        var within = new int[Names.Length];
        var worst = 0;

        Parallel.For(0, 20_000, i =>
        {
            var who = i % Names.Length;
            if (!bound.TryEnter(Names[who]))
            {
                return;
            }

            var now = Interlocked.Increment(ref within[who]);
            for (var seen = Volatile.Read(ref worst); now > seen; seen = Volatile.Read(ref worst))
            {
                Interlocked.CompareExchange(ref worst, now, seen);
            }

            Interlocked.Decrement(ref within[who]);
            bound.Leave(Names[who]);
        });

        Assert.InRange(worst, 1, 3);
        Assert.Equal(0, bound.Count);
        Assert.True(bound.TryEnter(Names[0], 3));
    }
}
