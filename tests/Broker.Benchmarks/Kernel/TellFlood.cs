using System.Threading.Channels;
using Broker.Actors;

namespace Broker.Benchmarks.Kernel;

/// <summary>
/// One producer tells one actor as fast as it can; the time ends when the last message is handled. Whether the actor keeps up is the
/// machine's doing; in the rows "behind" it handles nothing until all of a burst is queued, so that the queue must hold it.
/// </summary>
internal static class TellFlood
{
    private const int Messages = 5_000_000;
    private const int Burst = 10_000;
    private const int Behind = 100_000;

    public static async Task MeasureAsync(List<Measurement> rows, int rounds)
    {
        await using var system = new ActorSystem("tell");
        var counter = system.Spawn(Props<Message>.Of(() => new Counter()), "counter");
        var channel = Channel.CreateUnbounded<Message>(new UnboundedChannelOptions { SingleReader = true });
        var reading = ReadAsync(channel.Reader);
        await Cost.CompareAsync(
            rows, "tell", "message", 3 * rounds, () => FloodAsync(counter, Messages), () => FloodAsync(channel.Writer, Messages));
        await Cost.CompareAsync(
            rows, $"tell, {Burst} at a time", "message", rounds, () => FloodAsync(counter, Burst), () => FloodAsync(channel.Writer, Burst));
        await Cost.CompareAsync(
            rows, $"tell, {Behind} behind", "message", rounds,
            () => FloodAsync(counter, Behind, behind: true), () => FloodAsync(channel.Writer, Behind, behind: true));
        channel.Writer.Complete();
        await reading;
    }

    private static Task<Cost> FloodAsync(ActorRef<Message> actor, int burst, bool behind = false) => Cost.OfAsync(Messages, async () =>
    {
        var one = new Message.One();
        for (var left = Messages; left > 0; left -= burst)
        {
            var (gate, last) = (new Message.Gate(), new Message.Last(burst - 1));
            if (behind)
                actor.Tell(gate);
            for (var i = 1; i < burst; i++)
                actor.Tell(one);
            actor.Tell(last);
            gate.Opened.SetResult();
            await last.Done.Task;
        }
    });

    private static Task<Cost> FloodAsync(ChannelWriter<Message> bare, int burst, bool behind = false) => Cost.OfAsync(Messages, async () =>
    {
        var one = new Message.One();
        for (var left = Messages; left > 0; left -= burst)
        {
            var (gate, last) = (new Message.Gate(), new Message.Last(burst - 1));
            if (behind)
                bare.TryWrite(gate);
            for (var i = 1; i < burst; i++)
                bare.TryWrite(one);
            bare.TryWrite(last);
            gate.Opened.SetResult();
            await last.Done.Task;
        }
    });

    private static async Task ReadAsync(ChannelReader<Message> reader)
    {
        var count = 0;
        while (await reader.WaitToReadAsync())
        {
            while (reader.TryRead(out var message))
                await Handle(message, ref count);
        }
    }

    private static ValueTask Handle(Message message, ref int count)
    {
        switch (message)
        {
            case Message.One:
                count++;
                break;
            case Message.Gate gate:
                return new ValueTask(gate.Opened.Task);
            case Message.Last last:
                if (count != last.Before)
                    throw new InvalidOperationException($"{last.Before - count} messages are missing");
                count = 0;
                last.Done.SetResult();
                break;
        }
        return ValueTask.CompletedTask;
    }

    private abstract record Message
    {
        public sealed record One : Message;

        public sealed record Gate : Message
        {
            public TaskCompletionSource Opened { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        public sealed record Last(int Before) : Message
        {
            public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private sealed class Counter : Actor<Message>
    {
        private int _count;

        protected override ValueTask Receive(Message message) => Handle(message, ref _count);
    }
}
