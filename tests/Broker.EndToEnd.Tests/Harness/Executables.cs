namespace Broker.EndToEnd.Tests.Harness;

/// <summary>
/// The product's executables as the solution's build left them, in the configuration of this test; where <c>BROKER_EXECUTABLES</c> names a
/// folder, those that are there as <c>scripts/publish</c> left them.
/// </summary>
internal static class Executables
{
    private static readonly DirectoryInfo Output = new(AppContext.BaseDirectory);

    /// <summary>The name of the framework's folder.</summary>
    public static string Framework => Output.Name;

    /// <summary>Debug or Release.</summary>
    public static string Configuration => Output.Parent!.Name;

    /// <summary>The repository.</summary>
    public static string Repository { get; } = Output.Parent!.Parent!.Parent!.Parent!.Parent!.FullName;

    public static string Zone => Find("Broker.CredentialZone", "broker-zone");

    public static string Dmz => Find("Broker.Dmz", "broker-dmz");

    public static string Agent => Find("Broker.Agent", "broker-agent");

    public static string Console => Find("Broker.Console", "brokerctl");

    /// <summary>The assembly of the tests that replay a world.</summary>
    public static string SimulationTests =>
        Path.Combine(Repository, "tests", "Broker.Simulation.Tests", "bin", Configuration, Framework, "Broker.Simulation.Tests.dll");

    /// <summary>The product's own assemblies in the output of a project.</summary>
    public static IEnumerable<string> Assemblies(string project) => Directory.EnumerateFiles(
            Path.Combine(Repository, "src", project, "bin", Configuration, Framework), "*.dll")
        .Where(static f => Path.GetFileName(f) is var name &&
            (name.StartsWith("Broker.", StringComparison.Ordinal) || name.StartsWith("broker", StringComparison.Ordinal)));

    /// <summary>Whether this machine has a program.</summary>
    public static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    private static string Find(string project, string name)
    {
        if (Environment.GetEnvironmentVariable("BROKER_EXECUTABLES") is { Length: > 0 } published &&
            Path.Combine(published, name, name) is var installed && File.Exists(installed))
        {
            return installed;
        }

        var path = Path.Combine(Repository, "src", project, "bin", Configuration, Framework, name);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{path} is not there: build the solution in {Configuration}");
    }
}
