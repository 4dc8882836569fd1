using System.Globalization;
using Broker.EndToEnd.Tests.Crashes;

namespace Broker.EndToEnd.Tests.Fleets;

/// <summary>
/// Waits for a definite state of a fleet, as long as a machine with other work needs for it. The limit measures nothing: it ends a test
/// that would hang, and the failure says what was seen last.
/// </summary>
internal static class Waiting
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>The first result that is not null.</summary>
    /// <param name="what">What is waited for, for the failure's text.</param>
    /// <param name="look">Looks once: the result or null, and what there was to see. An answer that does not come is no result.</param>
    public static async Task<T> ForAsync<T>(string what, Func<Task<(T? Found, string Seen)>> look)
        where T : class
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (true)
        {
            string seen;
            try
            {
                (var found, seen) = await look();
                if (found is not null)
                    return found;
            }
            catch (Exception problem) when (Load.IsLost(problem))
            {
                seen = $"no answer: {problem.Message}";
            }

            if (TimeProvider.System.GetElapsedTime(begun) > Limit)
                throw new TimeoutException(string.Create(
                    CultureInfo.InvariantCulture, $"{what}: not after {Limit.TotalMinutes:0} minutes; last seen: {seen}"));
            await Task.Delay(Pause, TimeProvider.System);
        }
    }

    /// <summary>Waits until it is so.</summary>
    public static Task UntilAsync(string what, Func<Task<(bool IsSo, string Seen)>> look) => ForAsync(what, async () =>
        await look() is var (isSo, seen) && isSo ? (what, seen) : ((string?)null, seen));
}
