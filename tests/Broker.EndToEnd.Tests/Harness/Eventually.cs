using Broker.TestKit;

namespace Broker.EndToEnd.Tests.Harness;

/// <summary>Waits for what another process does. The limit is generous: it ends tests that would hang, it measures nothing.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    /// <summary>The first result of a probe that is not null.</summary>
    /// <param name="what">What is waited for, for the failure's text.</param>
    /// <param name="probe">Asks once.</param>
    public static async Task<T> GetAsync<T>(string what, Func<Task<T?>> probe)
        where T : class
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (await probe() is { } result)
                return result;
            if (TimeProvider.System.GetElapsedTime(begun) > Patience.Limit)
                throw new TimeoutException($"{what}: not after {Patience.Limit.TotalSeconds} s");
            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    public static Task TrueAsync(string what, Func<Task<bool>> probe) => GetAsync(what, async () => await probe() ? what : null);

    public static Task TrueAsync(string what, Func<bool> probe) => TrueAsync(what, () => Task.FromResult(probe()));
}
