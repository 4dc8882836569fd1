namespace Broker.Protocol.Tests.Baselines;

/// <summary>Compares what the code says with a checked-in file, so that a change of contract shows in the diff.</summary>
internal static class Baseline
{
    public static string[] Lines(string file)
    {
        using var stream = typeof(Baseline).Assembly.GetManifestResourceStream(file) ??
            throw new InvalidOperationException($"Baselines/{file} is missing");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public static void Check(string file, IReadOnlyList<string> actual)
    {
        var expected = Lines(file);
        if (expected.SequenceEqual(actual))
        {
            return;
        }

        var written = Path.Combine(AppContext.BaseDirectory, file + ".actual");
        File.WriteAllText(written, string.Join('\n', actual) + "\n");
        Assert.Fail(
            $"""
            Baselines/{file} says something else. Is the change of contract meant, and does every reader of the old one still read it?
            Then copy {written} over it.
            gone: {string.Join("\n      ", expected.Except(actual).Take(10))}
            new:  {string.Join("\n      ", actual.Except(expected).Take(10))}
            """);
    }
}
