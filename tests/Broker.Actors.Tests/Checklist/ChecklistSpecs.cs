using System.Diagnostics;
using System.Reflection;

namespace Broker.Actors.Tests.Checklist;

/// <summary>
/// Keeps <c>scripts/test --checklist</c> honest: what it lists are tests that exist, each with its ids in front of its name, and no
/// statement is without one.
/// </summary>
public sealed class ChecklistSpecs
{
    private static readonly string? Root = FindRoot();

    [SkippableFact]
    public async Task Every_statement_should_have_a_test()
    {
        var listed = await List();
        Assert.True(listed.Count > 150, $"only {listed.Count} lines");
        Assert.Empty(listed.Where(line => line.Test == "no test").Select(line => line.Id));
    }

    [SkippableFact]
    public async Task List_should_say_of_this_assembly_what_its_traits_say()
    {
        var space = typeof(ChecklistSpecs).Assembly.GetName().Name + ".";
        var listed = (await List()).Where(line => line.Test.StartsWith(space, StringComparison.Ordinal))
            .Select(line => $"{line.Id} {line.Test}").Order();
        var carried = from test in Tests() from id in Ids(test) select $"{id} {test.DeclaringType!.FullName}.{test.Name}";
        Assert.Equal(carried.Order(), listed);
    }

    [Fact]
    public void Every_test_should_carry_its_ids_in_front_of_its_name()
    {
        var odd = from test in Tests()
                  where !test.Name.StartsWith(Prefix(test), StringComparison.Ordinal)
                  select $"{test.Name} has {string.Join(", ", Ids(test))}";
        Assert.Empty(odd);
        var known = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Checklist", "statements.txt"))
            .Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(' ')[0]).ToList();
        Assert.Equal(known.Distinct(), known);
        Assert.Empty(Tests().SelectMany(Ids).Except(known));
        var unmarked = from test in Tests() where known.Contains(test.Name.Split('_')[0]) && !Ids(test).Any() select test.Name;
        Assert.Empty(unmarked);
    }

    private static IEnumerable<MethodInfo> Tests() =>
        typeof(ChecklistSpecs).Assembly.GetTypes().SelectMany(static type => type.GetMethods()).Where(
            static method => method.GetCustomAttribute<FactAttribute>() is not null);

    private static IEnumerable<string> Ids(MethodInfo test) =>
        from data in test.GetCustomAttributesData()
        where data.AttributeType == typeof(TraitAttribute) && (string)data.ConstructorArguments[0].Value! == "Statement"
        select (string)data.ConstructorArguments[1].Value!;

    private static string Prefix(MethodInfo test) => string.Concat(Ids(test).Select(static id => id + "_"));

    private static async Task<IReadOnlyList<(string Id, string Test)>> List()
    {
        Skip.If(Root is null, "the sources are not beside what was built from them");
        using var process =
            Process.Start(new ProcessStartInfo(Path.Combine(Root, "scripts", "test"), "--checklist") { RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split("  ", 2)).ToList();
        return [.. lines.Select(static parts => (parts[0], parts[1]))];
    }

    private static string? FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Broker.sln")))
                return at.FullName;
        }
        return null;
    }
}
