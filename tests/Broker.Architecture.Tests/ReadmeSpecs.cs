using System.Text.RegularExpressions;

namespace Broker.Architecture.Tests;

/// <summary>What the README says of the repository is there.</summary>
public sealed partial class ReadmeSpecs
{
    [Fact]
    public void Each_promise_of_the_threat_model_should_name_tests_that_exist()
    {
        var rows = File.ReadLines(Path.Combine(Product.Repository, "README.md"))
            .SkipWhile(static l => !l.StartsWith("## Threat model", StringComparison.Ordinal))
            .Skip(1)
            .TakeWhile(static l => !l.StartsWith("## ", StringComparison.Ordinal))
            .Where(static l => l.StartsWith("| ", StringComparison.Ordinal))
            .Skip(1)
            .ToList();
        Assert.True(rows.Count >= 10, "the table of promises was not found");
        Assert.All(rows, static row =>
        {
            var named = Named().Matches(row);
            Assert.NotEmpty(named);
            Assert.All(named, static test => Assert.Single(Directory.EnumerateFiles(
                Path.Combine(Product.Repository, "tests", $"Broker.{test.Groups[1].Value}.Tests"), test.Groups[2].Value + ".cs",
                SearchOption.AllDirectories)));
        });
    }

    [GeneratedRegex("`([A-Z][A-Za-z]+)\\.([A-Z][A-Za-z]+)`")]
    private static partial Regex Named();
}
