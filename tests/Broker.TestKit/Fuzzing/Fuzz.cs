using System.Globalization;

namespace Broker.TestKit;

/// <summary>
/// A bounded number of attempts, each from a seed of its own that is named when it fails. <c>BROKER_FUZZ_SEED</c> is the first seed (1),
/// <c>BROKER_FUZZ_TIMES</c> multiplies the attempts (1), for a longer search.
/// </summary>
public static class Fuzz
{
    /// <summary>Runs attempts one after the other.</summary>
    public static void Each(int attempts, Action<SeededRandom> attempt)
    {
        foreach (var seed in Seeds(attempts))
        {
            try
            {
                attempt(new SeededRandom(seed));
            }
            catch (Exception problem)
            {
                throw Failed(seed, problem);
            }
        }
    }

    /// <summary>Runs attempts one after the other.</summary>
    public static async Task EachAsync(int attempts, Func<SeededRandom, Task> attempt)
    {
        foreach (var seed in Seeds(attempts))
        {
            try
            {
                await attempt(new SeededRandom(seed));
            }
            catch (Exception problem)
            {
                throw Failed(seed, problem);
            }
        }
    }

    private static IEnumerable<int> Seeds(int attempts) => Enumerable.Range(Setting("SEED"), attempts * Setting("TIMES"));

    private static InvalidOperationException Failed(int seed, Exception problem) =>
        new($"repeat with BROKER_FUZZ_SEED={seed}: {problem.GetType().Name}: {problem.Message}", problem);

    private static int Setting(string name) =>
        Environment.GetEnvironmentVariable("BROKER_FUZZ_" + name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture)
            : 1;
}
