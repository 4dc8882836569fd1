namespace Broker.Architecture.Tests;

/// <summary>What the repository's sources are held to, where no analyzer does it.</summary>
public sealed class SourceShapeSpecs
{
    private const int MaxColumns = 140;
    private const int MaxLines = 400;

    // The tests run in tests/NAME/bin/CONFIGURATION/FRAMEWORK.
    private static readonly string Repository = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", ".."));

    private static readonly string[] Written = ["bin", "obj"];

    [Fact]
    public void No_line_of_code_should_be_longer_than_a_page_is_wide() => Assert.Empty(
        from file in Sources()
        from line in File.ReadLines(file).Index()
        where line.Item.Length > MaxColumns
        select $"{Relative(file)}:{line.Index + 1} has {line.Item.Length} columns, {MaxColumns} is most");

    [Fact]
    public void No_file_should_hold_more_than_a_reader_does() => Assert.Empty(
        from file in Sources()
        let count = File.ReadLines(file).Count()
        where count > MaxLines
        select $"{Relative(file)} has {count} lines, {MaxLines} is most");

    private static IEnumerable<string> Sources() =>
        from root in new[] { "src", "tests" }
        from file in Directory.EnumerateFiles(Path.Combine(Repository, root), "*.cs", SearchOption.AllDirectories)
        where !Relative(file).Split(Path.DirectorySeparatorChar).Any(Written.Contains)
        select file;

    private static string Relative(string file) => Path.GetRelativePath(Repository, file);
}
