using Broker.TestKit;

namespace Broker.Actors.Tests;

/// <summary>What a system, props and names are held to before anything runs.</summary>
public sealed class OptionsSpecs
{
    [Fact]
    public void Options_that_mean_nothing_should_be_refused()
    {
        var good = new ActorSystemOptions();
        ActorSystemOptions[] bad =
        [
            good with { Throughput = 0 }, good with { HandlerBudget = TimeSpan.Zero }, good with { DeadLettersPerSecond = -1 },
            good with { DisposeDeadline = TimeSpan.Zero }, good with { Time = null! }, good with { Random = null! },
            good with { Dispatcher = null! }, good with { Guardian = null! },
        ];
        Assert.All(bad, options => Assert.ThrowsAny<ArgumentException>(() => new ActorSystem("bad", options)));
    }

    [Fact]
    public async Task Options_at_their_bounds_should_be_taken()
    {
        var least = new ActorSystemOptions { Throughput = 1, HandlerBudget = TimeSpan.FromMilliseconds(1), DeadLettersPerSecond = 0 };
        await using var system = new ActorSystem("least", least);
        var script = new Script();
        var log = new EventLog(system);
        var it = system.Spawn(script.Props, "it");
        Assert.True(await system.StopAsync(it, Patience.Limit));
        it.Tell(new Message.Say("nobody hears of this"));
        Assert.Equal(1, system.DeadLetterCount);
        Assert.Empty(log.Of<DeadLetter>());
    }

    [Fact]
    public void Bounds_that_mean_nothing_should_be_refused_and_the_least_be_taken()
    {
        var props = new Script().Props;
        Assert.Throws<ArgumentOutOfRangeException>(() => props.WithMailbox(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => props.WithStash(-1));
        Assert.Throws<ArgumentNullException>(() => Props<Message>.Of(null!));
        Assert.Equal((1, 0), (props.WithMailbox(1).MailboxCapacity, props.WithStash(0).StashCapacity));
        Assert.Equal((int.MaxValue, 1000), (props.MailboxCapacity, props.StashCapacity));
    }

    [Fact]
    public void Names_should_be_taken_up_to_their_longest_and_of_their_characters_only()
    {
        Assert.Null(Record.Exception(() => ActorPath.ThrowIfNotAName(new string('a', ActorPath.MaxNameLength))));
        Assert.Null(Record.Exception(() => ActorPath.ThrowIfNotAName("aZ09-_.~+@=:")));
        Assert.Null(Record.Exception(() => ActorPath.ThrowIfNotAName("a$")));
        Assert.Throws<ArgumentException>(() => ActorPath.ThrowIfNotAName(new string('a', ActorPath.MaxNameLength + 1)));
        Assert.Throws<ArgumentException>(() => ActorPath.ThrowIfNotAName("a b"));
        Assert.Throws<ArgumentException>(() => ActorPath.ThrowIfNotAName("$a"));
        Assert.Throws<ArgumentNullException>(() => ActorPath.ThrowIfNotAName(null!));
        Assert.Throws<ArgumentException>(() => new ActorSystem("not a name"));
    }

    [Fact]
    public void Paths_should_be_equal_when_every_element_is()
    {
        ActorPath Path(params string[] names) => names.Aggregate((ActorPath?)null, (parent, name) => new ActorPath(parent, name))!;
        Assert.Equal(Path("user", "a", "b"), Path("user", "a", "b"));
        Assert.Equal(Path("user", "a").GetHashCode(), Path("user", "a").GetHashCode());
        Assert.NotEqual(Path("user", "a", "b"), Path("user", "c", "b"));
        Assert.NotEqual(Path("user", "a", "b"), Path("user", "a", "c"));
        Assert.NotEqual(Path("user", "a"), Path("user", "a", "a"));
        Assert.False(Path("user").Equals(null));
        Assert.Equal("/user", Path("user").ToString());
        Assert.Equal("/user/a/b", Path("user", "a", "b").ToString());
    }

    [Fact]
    public void Events_should_go_to_every_subscriber_until_it_unsubscribes()
    {
        using var world = new ActorWorld();
        var (one, two) = (0, 0);
        var subscription = world.System.Events.Subscribe(_ => one++);
        using var other = world.System.Events.Subscribe(_ => two++);
        var it = new Script().SpawnIn(world);
        it.Tell(new Message.Do(actor => actor.Context.Unhandled(new Message.Say("x"))));
        world.Run();
        subscription.Dispose();
        it.Tell(new Message.Do(actor => actor.Context.Unhandled(new Message.Say("x"))));
        world.Run();
        Assert.Equal((1, 2), (one, two));
        Assert.Throws<ArgumentNullException>(() => world.System.Events.Subscribe(null!));
    }
}
