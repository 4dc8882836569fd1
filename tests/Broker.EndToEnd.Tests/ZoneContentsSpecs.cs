using System.Xml.Linq;
using Broker.EndToEnd.Tests.Harness;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>What the zone's executable contains and loads, and which project references which (architecture, "Projects").</summary>
[Collection(Certificates.Collection)]
public sealed class ZoneContentsSpecs(Certificates certificates, ITestOutputHelper output)
{
    /// <summary>What each project may reference, itself or through others.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Broker.Actors"] = [],
        ["Broker.Configuration"] = [],
        ["Broker.Protocol"] = [],
        ["Broker.Secrets"] = ["Broker.Protocol"],
        ["Broker.Links"] = ["Broker.Protocol"],
        ["Broker.Cluster"] = ["Broker.Configuration", "Broker.Links", "Broker.Protocol", "Broker.Actors"],
        ["Broker.Host"] = ["Broker.Configuration", "Broker.Links", "Broker.Protocol", "Broker.Actors"],
        ["Broker.CredentialZone"] = ["Broker.Host", "Broker.Configuration", "Broker.Links", "Broker.Protocol", "Broker.Actors"],
        ["Broker.Dmz"] =
            ["Broker.Host", "Broker.Configuration", "Broker.Links", "Broker.Protocol", "Broker.Actors", "Broker.Secrets", "Broker.Cluster"],
        ["Broker.Agent"] = ["Broker.Secrets", "Broker.Links", "Broker.Configuration", "Broker.Protocol", "Broker.Actors"],
        ["Broker.Console"] = ["Broker.Secrets", "Broker.Links", "Broker.Configuration", "Broker.Protocol"],
    };

    [Fact]
    public void Projects_should_reference_only_what_the_arrows_allow()
    {
        var projects = Directory.EnumerateFiles(Path.Combine(Executables.Repository, "src"), "*.csproj", SearchOption.AllDirectories)
            .ToDictionary(static p => Path.GetFileNameWithoutExtension(p), References);
        Assert.True(projects.Count >= 10);
        foreach (var (name, references) in projects)
        {
            Assert.True(Allowed.ContainsKey(name), $"{name} is no project of the architecture");
            Assert.Empty(Reach(references, projects).Except(Allowed[name]).Select(r => $"{name} → {r}"));
        }

        // A database is for the zone alone.
        foreach (var project in projects.Keys.Where(static p => p != "Broker.CredentialZone"))
            Assert.DoesNotContain(Packages(project), static p => p.Contains("sql", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task The_published_zone_should_contain_the_assemblies_of_the_list_and_no_others()
    {
        var target = Directory.CreateTempSubdirectory("broker-e2e-publish.");
        try
        {
            var project = Path.Combine(Executables.Repository, "src", "Broker.CredentialZone", "Broker.CredentialZone.csproj");
            await using var publish = BrokerProcess.Start(
                "publish", Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
                "publish", project, "--configuration", Executables.Configuration, "--no-build", "--no-restore", "--nologo", "--output",
                target.FullName);
            await Eventually.TrueAsync("the zone is published", () => publish.HasExited);
            var found = target.EnumerateFiles("*", SearchOption.AllDirectories).Where(static f => f.Extension is ".dll" or ".so")
                .Select(static f => f.Name).Distinct().Order(StringComparer.Ordinal).ToList();
            Assert.True(found.Count > 0, publish.Log);
            output.WriteLine(string.Join('\n', found));
            Assert.Equal(await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "Baselines", "zone-assemblies.txt")), found);
            Assert.DoesNotContain(found, static f => f.Contains("Secrets", StringComparison.Ordinal));
        }
        finally
        {
            target.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_running_zone_should_not_map_the_assembly_that_opens_rows()
    {
        await using var cluster = await Cluster.StartAsync(certificates);
        await cluster.RunAsync(output, async () =>
        {
            await cluster.EnrolAsync();
            var zone = await File.ReadAllTextAsync($"/proc/{cluster.Zone.Id}/maps");
            Assert.Contains("Broker.Protocol.dll", zone, StringComparison.Ordinal);
            Assert.DoesNotContain("Broker.Secrets", zone, StringComparison.Ordinal);
            Assert.Contains("Broker.Secrets.dll", await File.ReadAllTextAsync($"/proc/{cluster.Dmz.Id}/maps"), StringComparison.Ordinal);
        });
    }

    private static List<string> References(string project) => [.. XDocument.Load(project).Descendants("ProjectReference")
        .Select(static r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')))];

    private static IEnumerable<string> Packages(string project) =>
        XDocument.Load(Path.Combine(Executables.Repository, "src", project, project + ".csproj")).Descendants("PackageReference")
            .Select(static p => p.Attribute("Include")!.Value);

    private static HashSet<string> Reach(IEnumerable<string> from, Dictionary<string, List<string>> projects)
    {
        var reached = new HashSet<string>();
        var next = new Queue<string>(from);
        while (next.TryDequeue(out var name))
        {
            if (reached.Add(name))
                projects[name].ForEach(next.Enqueue);
        }

        return reached;
    }
}
