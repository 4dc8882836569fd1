using Broker.TestKit;

namespace Broker.Agent.Tests.Support;

/// <summary>Waits for what another process does, which no fake clock drives. The limit is for a test that has failed already.</summary>
internal static class Eventually
{
    internal static async Task True(Func<bool> condition, string what = "the condition")
    {
        var begin = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begin) < Patience.Limit, $"{what} did not come true");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }

    /// <summary>Awaits with a limit that says what did not happen.</summary>
    internal static async Task<T> Within<T>(Task<T> task, string what)
    {
        try
        {
            return await task.WaitAsync(Patience.Limit);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{what} did not happen");
        }
    }
}
