using System.Threading.Channels;
using Broker.Actors;

namespace Broker.Benchmarks.Kernel;

/// <summary>
/// Actors under one parent, each told one message; the time ends when the last has handled it. The bare one: a channel with a loop.
/// </summary>
internal static class SpawnLoad
{
    private const int Actors = 200_000;

    public static Task MeasureAsync(List<Measurement> rows, int rounds) =>
        Cost.CompareAsync(rows, "spawn and first message", "actor", rounds, OursAsync, BareAsync);

    private static async Task<Cost> OursAsync()
    {
        await using var system = new ActorSystem("spawn", new ActorSystemOptions { DisposeDeadline = TimeSpan.FromMinutes(1) });
        return await Cost.OfAsync(Actors, () =>
        {
            var start = new Start(Actors);
            var props = Props<Start>.Of(static () => new Starter());
            for (var i = 0; i < Actors; i++)
                system.Spawn(props, Invariant(i)).Tell(start);
            return start.Done;
        });
    }

    private static async Task<Cost> BareAsync()
    {
        var writers = new List<ChannelWriter<Start>>(Actors);
        var loops = new List<Task>(Actors);
        var cost = await Cost.OfAsync(Actors, () =>
        {
            var start = new Start(Actors);
            for (var i = 0; i < Actors; i++)
            {
                var channel = Channel.CreateUnbounded<Start>(new UnboundedChannelOptions { SingleReader = true });
                loops.Add(LoopAsync(channel.Reader));
                writers.Add(channel.Writer);
                channel.Writer.TryWrite(start);
            }
            return start.Done;
        });
        foreach (var writer in writers)
            writer.Complete();
        await Task.WhenAll(loops);
        return cost;
    }

    private static async Task LoopAsync(ChannelReader<Start> reader)
    {
        while (await reader.WaitToReadAsync())
        {
            while (reader.TryRead(out var start))
                start.CountDown();
        }
    }

    private static string Invariant(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private sealed class Start(int count)
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _left = count;

        public Task Done => _done.Task;

        public void CountDown()
        {
            if (Interlocked.Decrement(ref _left) == 0)
                _done.SetResult();
        }
    }

    private sealed class Starter : Actor<Start>
    {
        protected override ValueTask Receive(Start message)
        {
            message.CountDown();
            return ValueTask.CompletedTask;
        }
    }
}
