using System.Threading.Channels;
using Broker.Actors;

namespace Broker.Benchmarks.Kernel;

/// <summary>
/// What is kept for an actor that has handled one message and waits, its name and its place under its parent included. The bare one: a
/// channel with a loop.
/// </summary>
internal static class IdleActors
{
    public static async Task MeasureAsync(List<Measurement> rows, int actors)
    {
        var bare = Bare(actors);
        var ours = await OursAsync(actors);
        rows.Add(Measurement.Bytes($"idle actor, of {actors}", ours, bare));
    }

    private static async Task<double> OursAsync(int actors)
    {
        await using var system = new ActorSystem("idle", new ActorSystemOptions { DisposeDeadline = TimeSpan.FromMinutes(2) });
        var parent = system.Spawn(Props<int>.Of(static () => new Parent()), "parent");
        var before = GC.GetTotalMemory(forceFullCollection: true);
        parent.Tell(actors);
        // The children have been told before their parent is asked to wait for each of them, so none is still to come.
        while (system.ActorCount <= actors || Volatile.Read(ref Child.Handled) < actors)
            await Task.Yield();
        return (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)actors;
    }

    private static double Bare(int actors)
    {
        var loops = new Task[actors];
        var writers = new ChannelWriter<int>[actors];
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < actors; i++)
        {
            var channel = Channel.CreateUnbounded<int>(new UnboundedChannelOptions { SingleReader = true });
            loops[i] = LoopAsync(channel.Reader);
            writers[i] = channel.Writer;
        }
        var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)actors;
        foreach (var writer in writers)
            writer.Complete();
        Task.WaitAll(loops);
        return bytes;
    }

    private static async Task LoopAsync(ChannelReader<int> reader)
    {
        while (await reader.WaitToReadAsync())
            reader.TryRead(out _);
    }

    private sealed class Parent : Actor<int>
    {
        protected override ValueTask Receive(int message)
        {
            var props = Props<int>.Of(static () => new Child());
            for (var i = 0; i < message; i++)
                Context.Spawn(props).Tell(i);
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Child : Actor<int>
    {
        public static int Handled;

        protected override ValueTask Receive(int message)
        {
            Interlocked.Increment(ref Handled);
            return ValueTask.CompletedTask;
        }
    }
}
