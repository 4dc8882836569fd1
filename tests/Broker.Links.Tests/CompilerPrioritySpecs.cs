using System.Globalization;
using Broker.Links.Services;
using Broker.TestKit;

namespace Broker.Links.Tests;

/// <summary>The runtime's compiler of this very process.</summary>
public sealed class CompilerPrioritySpecs
{
    [Fact]
    public async Task Compiler_should_be_behind_the_work()
    {
        using var priority = CompilerPriority.Lower(TimeProvider.System);
        using var limit = new CancellationTokenSource(Patience.Limit, TimeProvider.System);
        using var types = Types().GetEnumerator();
        IReadOnlyList<int> found;
        while ((found = [.. Niceness(CompilerPriority.Thread)]).All(static n => n < CompilerPriority.Niceness))
        {
            // The runtime's compiler is there only while something was called often that was not before.
            Assert.True(types.MoveNext());
            var call = typeof(CompilerPrioritySpecs).GetMethod(nameof(Called))!.MakeGenericMethod(types.Current)
                .CreateDelegate<Func<int, int>>();
            for (var i = 0; i < 1_000; i++)
                _ = call(i);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
        }

        Assert.Contains(CompilerPriority.Niceness, found);
        Assert.All(Niceness(".NET TP Worker"), static n => Assert.True(n < CompilerPriority.Niceness));
    }

    /// <summary>Compiled for each type that is a value.</summary>
    public static int Called<T>(int value)
        where T : struct => value + typeof(T).Name.Length;

    // All pairs of pairs of these: each is another type, for which the method is compiled anew.
    private static IEnumerable<Type> Types()
    {
        Type[] simple =
        [
            typeof(int), typeof(long), typeof(byte), typeof(char), typeof(double), typeof(decimal), typeof(Guid), typeof(short),
        ];
        var pairs = simple.SelectMany(a => simple.Select(b => typeof(KeyValuePair<,>).MakeGenericType(a, b))).ToList();
        return pairs.SelectMany(a => pairs.Select(b => typeof(KeyValuePair<,>).MakeGenericType(a, b)));
    }

    private static IEnumerable<int> Niceness(string name)
    {
        foreach (var thread in Directory.GetDirectories("/proc/self/task"))
        {
            string[] fields;
            try
            {
                if (File.ReadAllText(Path.Combine(thread, "comm")).TrimEnd('\n') != name)
                    continue;
                var stat = File.ReadAllText(Path.Combine(thread, "stat"));
                fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            }
            catch (IOException)
            {
                continue;
            }

            // Field 19 of proc(5), of which the third is the first after the name.
            yield return int.Parse(fields[16], CultureInfo.InvariantCulture);
        }
    }
}
