using System.Threading.Channels;
using Broker.Actors;

namespace Broker.Benchmarks.Kernel;

/// <summary>
/// Questions with a deadline, so many in flight. The bare one: a channel, a task completion source, and a wait with the same deadline.
/// </summary>
internal static class AskLoad
{
    private const int Questions = 320_000;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    public static async Task MeasureAsync(List<Measurement> rows, int rounds, int inFlight)
    {
        await using var system = new ActorSystem("ask");
        var echo = system.Spawn(Props<Question>.Of(() => new Echo()), "echo");
        var channel = Channel.CreateUnbounded<BareQuestion>(new UnboundedChannelOptions { SingleReader = true });
        var answering = AnswerAsync(channel.Reader);
        await Cost.CompareAsync(
            rows, $"ask x{inFlight}", "question", rounds,
            () => LoadAsync(inFlight, () => echo.Ask<int>(static to => new Question(to), Deadline)),
            () => LoadAsync(inFlight, () => AskBare(channel.Writer)));
        channel.Writer.Complete();
        await answering;
    }

    private static Task<Cost> LoadAsync(int inFlight, Func<Task<int>> ask) => Cost.OfAsync(Questions, () =>
        Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < Questions / inFlight; i++)
                await ask();
        }))));

    private static Task<int> AskBare(ChannelWriter<BareQuestion> writer)
    {
        var question = new BareQuestion(new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously));
        writer.TryWrite(question);
        return question.Answer.Task.WaitAsync(Deadline);
    }

    private static async Task AnswerAsync(ChannelReader<BareQuestion> reader)
    {
        while (await reader.WaitToReadAsync())
        {
            while (reader.TryRead(out var question))
                question.Answer.SetResult(1);
        }
    }

    private sealed record Question(ReplyTo<int> To);

    private sealed record BareQuestion(TaskCompletionSource<int> Answer);

    private sealed class Echo : Actor<Question>
    {
        protected override ValueTask Receive(Question message)
        {
            message.To.Tell(1);
            return ValueTask.CompletedTask;
        }
    }
}
