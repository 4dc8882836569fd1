using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

public sealed class DeadLetterSpecs : IDisposable
{
    private readonly ActorWorld _world = new(options: options => options with { DeadLettersPerSecond = 5 });
    private readonly ActorRef<Message> _dead;

    public DeadLetterSpecs()
    {
        _dead = new Script().SpawnIn(_world, "dead");
        _dead.Stop();
        _world.Run();
    }

    public void Dispose() => _world.Dispose();

    [Fact]
    [Trait("Statement", "X1")]
    public void X1_undeliverable_message_should_be_published_with_recipient_and_sender()
    {
        var sender = new Script().SpawnIn(_world, "sender");
        sender.Tell(new Do(_ => _dead.Tell(new Say("from an actor"))));
        _world.Run();
        _dead.Tell(new Say("from outside"));
        var letters = _world.Events.Of<DeadLetter>();
        Assert.Equal([sender.Path, null], letters.Select(letter => letter.Sender));
        Assert.All(letters, letter => Assert.Equal(_dead.Path, letter.Path));
        Assert.Equal([1L, 2L], letters.Select(letter => letter.Count));
    }

    [Fact]
    [Trait("Statement", "X1")]
    public void X1_sender_should_be_nobody_once_the_actors_turn_is_over_even_while_it_awaits()
    {
        var it = new Script().SpawnIn(_world);
        it.Tell(new Do(_ => new ValueTask(new TaskCompletionSource().Task)));
        _world.Run();
        _dead.Tell(new Say("from outside"));
        Assert.Null(Assert.Single(_world.Events.Of<DeadLetter>()).Sender);
    }

    [Fact]
    [Trait("Statement", "X1")]
    public void X1_marked_messages_should_be_counted_but_not_published()
    {
        var it = _world.System.Spawn(Props<object>.Of(() => throw new InvalidOperationException("never")), "it");
        _world.Run();
        it.Tell(new Uninteresting());
        Assert.Equal(1, _world.System.DeadLetterCount);
        Assert.Empty(_world.Events.Of<DeadLetter>());
    }

    [Fact]
    [Trait("Statement", "X1")]
    public void X1_publication_should_be_limited_in_each_second_and_say_what_it_left_out()
    {
        for (var i = 0; i < 12; i++)
            _dead.Tell(new Say("x"));
        Assert.Equal(5, _world.Events.Of<DeadLetter>().Count);
        Assert.Equal(12, _world.System.DeadLetterCount);
        _world.Advance(TimeSpan.FromSeconds(1));
        _dead.Tell(new Say("x"));
        Assert.Equal((13L, 7L), (_world.Events.Of<DeadLetter>()[^1].Count, _world.Events.Of<DeadLetter>()[^1].Unpublished));
    }

    [Fact]
    [Trait("Statement", "X1")]
    public void X1_dead_letters_should_never_be_recursive()
    {
        using var subscription = _world.System.Events.Subscribe(e => { if (e is DeadLetter) _dead.Tell(new Say("about a dead letter")); });
        _dead.Tell(new Say("x"));
        Assert.Single(_world.Events.Of<DeadLetter>());
        Assert.Equal(2, _world.System.DeadLetterCount);
    }

    [Fact]
    [Trait("Statement", "X1")]
    public void X1_throwing_subscriber_should_hurt_nobody()
    {
        using var subscription = _world.System.Events.Subscribe(_ => throw new InvalidOperationException("bad subscriber"));
        using var later = new EventLog(_world.System);
        Assert.Equal(TellResult.Stopped, _dead.TryTell(new Say("x")));
        Assert.Single(later.Of<DeadLetter>());
    }

    [Fact]
    [Trait("Statement", "X2")]
    public void X2_unhandled_message_should_be_published()
    {
        var it = new Script().SpawnIn(_world);
        it.Tell(new Do(actor => actor.Context.Unhandled(new Say("what"))));
        _world.Run();
        Assert.Equal(new UnhandledMessage(it.Path, typeof(Say).FullName!), Assert.Single(_world.Events.Of<UnhandledMessage>()));
    }

    [Fact]
    [Trait("Statement", "X3")]
    [Trait("Statement", "W5")]
    [Trait("Statement", "Diff8")]
    public void X3_W5_Diff8_events_should_never_carry_what_a_message_or_an_exception_says()
    {
        const string Secret = "s3cr3t";
        var it = new Script().SpawnIn(_world);
        it.Tell(new Fail(new InvalidOperationException(Secret, new InvalidOperationException(Secret))));
        it.Tell(new Do(actor => actor.Context.Unhandled(new Say(Secret))));
        _world.Run();
        it.Stop();
        _world.Run();
        it.Tell(new Say(Secret));
        Assert.True(_world.Events.All.Count >= 4);
        Assert.DoesNotContain(_world.Events.All, e => e.ToString().Contains(Secret, StringComparison.Ordinal));
        var properties = typeof(ActorEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(ActorEvent))).SelectMany(
            type => type.GetProperties());
        Type[] allowed = [typeof(ActorPath), typeof(string), typeof(long), typeof(TimeSpan), typeof(DeadLetterReason), typeof(FailurePoint),
            typeof(Type)];
        Assert.All(properties, property => Assert.Contains(property.PropertyType, allowed));
    }

    [Fact]
    [Trait("Statement", "W5")]
    public void W5_exceptions_of_the_kernel_should_have_room_for_paths_and_causes_only()
    {
        var own = typeof(ActorException).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(ActorException))).ToList();
        Assert.True(own.Count >= 9);
        var fields = own.Append(typeof(ActorException)).SelectMany(type => type.GetFields(
            System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic |
            System.Reflection.BindingFlags.DeclaredOnly));
        Assert.NotEmpty(fields);
        Assert.All(fields, field => Assert.Equal(typeof(ActorPath), field.FieldType));
    }

    [Fact]
    [Trait("Statement", "O1")]
    public void O1_messages_of_one_sender_should_arrive_in_order()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            using var world = new ActorWorld(seed, options => options with { Throughput = 2 });
            var script = new Script();
            var it = script.SpawnIn(world);
            foreach (var name in new[] { "a", "b", "c" })
            {
                new Script().SpawnIn(world, name).Tell(new Do(async _ =>
                {
                    for (var i = 0; i < 10; i++)
                    {
                        it.Tell(new Say($"{name}{i}"));
                        await Task.Yield();
                    }
                }));
            }
            world.Run();
            foreach (var name in "abc")
                Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{name}{i}"), script.Log.Skip(2).Where(line => line[0] == name));
        }
    }

    [Fact]
    [Trait("Statement", "O1")]
    public void O1_delivery_should_be_at_most_once()
    {
        var script = new Script();
        var it = script.SpawnIn(_world);
        it.Tell(new Say("one"));
        it.Tell(new Fail());
        _world.Run();
        Assert.Single(script.Log, "one");
        Assert.Single(_world.Events.Of<ActorFailed>());
    }

    private sealed record Uninteresting : ISuppressDeadLetter;
}
