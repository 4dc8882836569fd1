using System.Globalization;
using System.Text.RegularExpressions;
using Broker.Protocol.Wire;

namespace Broker.Architecture.Tests;

/// <summary>
/// Every authenticated format, with the version of the link that reads it first and the one that writes it first. Whoever meets is one
/// version apart at most, so a format that is read one version before it is written is read by everybody whom it reaches, and a release can
/// be taken back by one.
/// </summary>
public sealed partial class FormatSpecs
{
    private static readonly string Repository = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", ".."));

    [Fact]
    public void Every_label_of_the_sources_should_be_in_the_list_and_none_be_gone()
    {
        var source = Path.Combine(Repository, "src");
        var labels = Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            .Where(f => !Path.GetRelativePath(source, f).Split(Path.DirectorySeparatorChar).Any(static d => d is "bin" or "obj"))
            .SelectMany(static f => Label().Matches(File.ReadAllText(f)).Select(static m => m.Groups[1].Value)).ToHashSet();

        // What was written once may stand in a ledger for ever, so what reads it stays.
        Assert.Equal(labels.Order(StringComparer.Ordinal), Listed().Select(static l => l.Label).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_format_should_be_read_one_version_before_it_is_written() =>
        Assert.Empty(Listed().SelectMany(static l => Wrong(l, WireVersion.Current)));

    [Theory]
    [InlineData("broker/x/1 read 1 written 1", 9, true)]
    [InlineData("broker/x/2 read 2 written 3", 3, true)]
    [InlineData("broker/x/2 read 2 written 3", 2, true)]
    [InlineData("broker/x/2 read 2 written 2", 2, false)]
    [InlineData("broker/x/2 read 3 written 2", 3, false)]
    [InlineData("broker/x/2 read 4 written 5", 3, false)]
    [InlineData("broker/x/2 read 0 written 1", 3, false)]
    public void A_format_that_somebody_could_meet_and_not_read_should_be_noticed(string line, uint current, bool isRight) =>
        Assert.Equal(isRight, !Wrong(Parse(line), current).Any());

    private static IEnumerable<string> Wrong((string Label, uint Read, uint Written) format, uint current)
    {
        if (format.Read == 0 || format.Read > current)
        {
            yield return $"{format.Label} is read from version {format.Read} on, and this one is {current}";
        }

        // Those of before versions were announced have no earlier one.
        if (format.Written <= format.Read && (format.Read, format.Written) != (1, 1))
        {
            yield return $"{format.Label} is written from version {format.Written} on, and read by nobody before {format.Read}";
        }
    }

    private static IEnumerable<(string Label, uint Read, uint Written)> Listed() =>
        File.ReadLines(Path.Combine(Repository, "tests", "Broker.Architecture.Tests", "formats.txt")).Select(Parse);

    private static (string Label, uint Read, uint Written) Parse(string line) =>
        line.Split(' ') is [var label, "read", var read, "written", var written]
        ? (label, uint.Parse(read, CultureInfo.InvariantCulture), uint.Parse(written, CultureInfo.InvariantCulture))
        : throw new InvalidDataException($"'{line}' is not: LABEL read VERSION written VERSION");

    [GeneratedRegex("\"(broker/[a-z0-9/-]+/[0-9]+)\"")]
    private static partial Regex Label();
}
