using System.Text.RegularExpressions;

namespace Broker.Architecture.Tests;

/// <summary>The table of promises in the README: each names tests, and each test that it names is there.</summary>
public sealed partial class PromiseSpecs
{
    private static readonly string Repository = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", ".."));

    private static readonly string[] Promises =
    [
        .. File.ReadLines(Path.Combine(Repository, "README.md"))
            .SkipWhile(static line => !line.StartsWith("## Threat model", StringComparison.Ordinal)).Skip(1)
            .TakeWhile(static line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(static line => line.StartsWith('|')).Skip(2),
    ];

    [Fact]
    public void Every_promise_should_name_a_test()
    {
        Assert.True(Promises.Length > 20, $"only {Promises.Length} promises were read: look at the table's form");
        Assert.All(Promises, static promise => Assert.Contains(NamedIn(promise), static n => n.Groups["project"].Success));
    }

    [Fact]
    public void Every_test_that_a_promise_names_should_be_there() => Assert.Empty(
        from promise in Promises
        from Match named in NamedIn(promise)
        let project = named.Groups["project"].Value
        let file = named.Groups["file"].Value + ".cs"
        let folder = Path.Combine(Repository, "tests", project.Length == 0 ? "" : $"Broker.{project}.Tests")
        where !Directory.Exists(folder) || !Directory.EnumerateFiles(folder, file, SearchOption.AllDirectories).Any()
        select $"{named.Value}: there is no {file} below {folder}");

    [Fact]
    public void Every_script_that_a_promise_names_should_be_there_with_the_option() => Assert.Empty(
        from promise in Promises
        from Match named in Script().Matches(promise)
        let path = Path.Combine(Repository, named.Groups["path"].Value)
        where !File.Exists(path) || !File.ReadAllText(path).Contains(named.Groups["option"].Value, StringComparison.Ordinal)
        select named.Value);

    private static MatchCollection NamedIn(string promise) =>
        Named().Matches(promise[promise.LastIndexOf(" | ", StringComparison.Ordinal)..]);

    [GeneratedRegex("`(?:(?<project>[A-Z][A-Za-z]*)\\.)?(?<file>[A-Z][A-Za-z]*)`")]
    private static partial Regex Named();

    [GeneratedRegex("`(?<path>scripts/[a-z-]+) ?(?<option>[a-z-]*)`")]
    private static partial Regex Script();
}
