using System.Threading.Tasks.Sources;
using Broker.TestKit;
using static Broker.Actors.Tests.Message;

namespace Broker.Actors.Tests.Local;

/// <summary>For whom a thread works, during turns and between them, and what a turn does with the task of a handler.</summary>
public sealed class TurnSpecs : IDisposable
{
    private readonly ActorWorld _world = new();
    private readonly Script _script = new();
    private readonly ActorRef<Message> _gone;

    public TurnSpecs()
    {
        _gone = new Script().SpawnIn(_world, "gone");
        _gone.Stop();
        _world.Run();
    }

    public void Dispose() => _world.Dispose();

    private ActorPath? LastSender => _world.Events.Of<DeadLetter>()[^1].Sender;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Statement", "Y4")]
    public void Y4_message_should_be_disposed_by_its_actor_also_after_an_await(bool throws)
    {
        var it = _world.System.Spawn(Props<TellsAtTheEnd>.Of(() => new Awaiting(throws)), "it");
        it.Tell(new TellsAtTheEnd(_gone));
        _world.Run();
        Assert.Equal(it.Path, LastSender);
    }

    [Fact]
    [Trait("Statement", "Y4")]
    public void Y4_actor_should_be_wiped_on_its_own_turn_also_after_a_hook_that_awaits()
    {
        var it = new Script
        {
            PostStop = async _ => await Task.Yield(),
            OnDispose = _ => _gone.Tell(new Say("wiped")),
        }.SpawnIn(_world);
        it.Stop();
        _world.Run();
        Assert.Equal(it.Path, LastSender);
    }

    [Fact]
    [Trait("Statement", "Y4")]
    public void Y4_thread_should_work_for_nobody_while_handlers_await()
    {
        TaskCompletionSource first = new(), second = new();
        var it = _script.SpawnIn(_world);
        it.Tell(new Do(async _ => await first.Task));
        it.Tell(new Do(async actor => { _gone.Tell(new Say("from it")); await second.Task; }));
        foreach (var gate in new[] { first, second })
        {
            _world.Run();
            _gone.Tell(new Say("from outside"));
            Assert.Null(LastSender);
            gate.SetResult();
        }
        Assert.Equal([null, it.Path, null], _world.Events.Of<DeadLetter>().Select(letter => letter.Sender));
    }

    [Fact]
    [Trait("Statement", "M1")]
    public void M1_thread_should_have_one_turn_however_often_it_enters()
    {
        var cell = ((IActorRef)_gone).Owner!;
        var turn = Turn.Enter(cell);
        Assert.Same(turn, Turn.Enter(cell));
        Assert.Same(cell, Turn.Current);
        Turn.Leave();
        Assert.Null(Turn.Current);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Statement", "Y1")]
    public void Y1_result_of_a_handler_should_be_taken_once(bool awaits)
    {
        var source = new Counting();
        if (!awaits)
            source.Core.SetResult(true);
        _script.SpawnIn(_world).Tell(new Do(_ => new ValueTask(source, source.Core.Version)));
        _world.Run();
        if (awaits)
            source.Core.SetResult(true);
        _world.Run();
        Assert.Equal(1, source.Taken);
    }

    private sealed record TellsAtTheEnd(ActorRef<Message> Target) : IDisposable
    {
        public void Dispose() => Target.Tell(new Say("the end"));
    }

    private sealed class Awaiting(bool throws) : Actor<TellsAtTheEnd>
    {
        protected override async ValueTask Receive(TellsAtTheEnd message)
        {
            await Task.Yield();
            if (throws)
                throw new InvalidOperationException();
        }
    }

    /// <summary>A task from a pool goes back there when its result is taken.</summary>
    private sealed class Counting : IValueTaskSource
    {
        public ManualResetValueTaskSourceCore<bool> Core;

        public int Taken { get; private set; }

        public void GetResult(short token)
        {
            Taken++;
            Core.GetResult(token);
        }

        public ValueTaskSourceStatus GetStatus(short token) => Core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            Core.OnCompleted(continuation, state, token, flags);
    }
}
