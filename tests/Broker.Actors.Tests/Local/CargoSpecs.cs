using Broker.TestKit;

namespace Broker.Actors.Tests.Local;

/// <summary>Taking what a message owns out of it, and not taking it.</summary>
public sealed class CargoSpecs : IDisposable
{
    private readonly ActorWorld _world = new();
    private readonly Leaks _leaks = new();

    public void Dispose() => _world.Dispose();

    [Theory]
    [InlineData("taken", 1)]
    [InlineData("looked at", 0)]
    [InlineData("left alone", 0)]
    [InlineData("taken, then throws", 1)]
    [InlineData("throws", 0)]
    [Trait("Statement", "W4")]
    public void W4_cargo_should_go_with_its_message_unless_it_is_taken(string what, int alive)
    {
        Message.Owning? kept = null;
        var it = _world.System.Spawn(Props<Parcel>.Of(() => new Receiver(parcel =>
        {
            if (what.StartsWith("taken", StringComparison.Ordinal))
                kept = parcel.Cargo.Take();
            if (what == "looked at")
                Assert.False(parcel.Cargo.Peek.IsDisposed);
            if (what.EndsWith("throws", StringComparison.Ordinal))
                throw new InvalidOperationException();
        })), "it");
        it.Tell(new Parcel(new Cargo<Message.Owning>(new Message.Owning(_leaks))));
        _world.Run();
        Assert.Equal((1, alive, 0), (_leaks.Births, _leaks.Alive, _leaks.DiedTwice));
        kept?.Dispose();
        Assert.Equal((0, 0), (_leaks.Alive, _leaks.DiedTwice));
    }

    [Fact]
    [Trait("Statement", "W4")]
    public void W4_cargo_that_never_arrives_should_be_disposed()
    {
        var it = _world.System.Spawn(Props<Parcel>.Of(() => new Receiver(_ => { })), "it");
        it.Stop();
        _world.Run();
        it.Tell(new Parcel(new Cargo<Message.Owning>(new Message.Owning(_leaks))));
        Assert.Equal((1, 0, 0), (_leaks.Births, _leaks.Alive, _leaks.DiedTwice));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Statement", "W4")]
    [Trait("Statement", "W6")]
    public void W4_W6_empty_cargo_should_give_nothing(bool taken)
    {
        var cargo = new Cargo<Message.Owning>(new Message.Owning(_leaks));
        Assert.Equal((false, "cargo of Owning"), (cargo.IsEmpty, cargo.ToString()));
        using var content = taken ? cargo.Take() : null;
        if (!taken)
            cargo.Dispose();
        Assert.True(cargo.IsEmpty);
        Assert.Throws<ObjectDisposedException>(() => cargo.Peek);
        Assert.Throws<ObjectDisposedException>(cargo.Take);
        cargo.Dispose();
        Assert.Equal(taken ? 1 : 0, _leaks.Alive);
        Assert.Equal("cargo of Owning, taken or disposed", cargo.ToString());
        Assert.Throws<ArgumentNullException>(() => new Cargo<Message.Owning>(null!));
    }

    [Fact]
    [Trait("Statement", "W4")]
    public void W4_cargo_should_go_to_one_of_those_who_take_and_dispose_it_at_once()
    {
        for (var round = 0; round < 500; round++)
        {
            var cargo = new Cargo<Message.Owning>(new Message.Owning(_leaks));
            Parallel.Invoke(cargo.Dispose, TakeAndDispose, TakeAndDispose);

            void TakeAndDispose()
            {
                try
                {
                    cargo.Take().Dispose();
                }
                catch (ObjectDisposedException)
                {
                    // Another was first.
                }
            }
        }
        Assert.Equal((500, 0, 0), (_leaks.Births, _leaks.Alive, _leaks.DiedTwice));
    }

    private sealed record Parcel(Cargo<Message.Owning> Cargo) : IDisposable
    {
        public void Dispose() => Cargo.Dispose();
    }

    private sealed class Receiver(Action<Parcel> handle) : Actor<Parcel>
    {
        protected override ValueTask Receive(Parcel message)
        {
            handle(message);
            return default;
        }
    }
}
