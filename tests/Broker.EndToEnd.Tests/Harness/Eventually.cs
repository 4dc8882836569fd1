using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Crashes;
using Broker.TestKit;

namespace Broker.EndToEnd.Tests.Harness;

/// <summary>Waits for what another process does. The limit is generous: it ends tests that would hang, it measures nothing.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>The first result of a probe that is not null.</summary>
    /// <param name="what">What is waited for, for the failure's text.</param>
    /// <param name="probe">Asks once. An answer that does not come, or decides nothing, is no result.</param>
    public static async Task<T> GetAsync<T>(string what, Func<Task<T?>> probe)
        where T : class
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            Exception? lost = null;
            try
            {
                if (await probe() is { } result)
                    return result;
            }
            catch (Exception problem) when (Load.IsLost(problem))
            {
                lost = problem;
            }

            if (TimeProvider.System.GetElapsedTime(begun) > Patience.Limit)
                throw new TimeoutException($"{what}: not after {Patience.Limit.TotalSeconds} s; {lost?.Message}", lost);
            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    /// <summary>
    /// Asks until the gateway has decided, and gives that answer: a node that stood still, or waited for one that did, says that it is
    /// too busy, or loses the answer. The same signed bytes are not done twice.
    /// </summary>
    public static Task<Answer<T>> DecidedAsync<T>(Func<Task<Answer<T>>> ask)
        where T : class => GetAsync("the gateway decides", async () => await ask() is var answer && answer.IsDecided
            ? answer : throw new HttpRequestException($"the gateway answered {(int)answer.Status} {answer.Code}"));

    public static Task TrueAsync(string what, Func<Task<bool>> probe) => GetAsync(what, async () => await probe() ? what : null);

    public static Task TrueAsync(string what, Func<bool> probe) => TrueAsync(what, () => Task.FromResult(probe()));
}
