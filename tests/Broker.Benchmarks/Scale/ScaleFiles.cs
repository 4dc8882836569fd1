using System.Globalization;

namespace Broker.Benchmarks.Scale;

/// <summary>Where everything of an installation of this benchmark is; the certificates were issued before.</summary>
/// <param name="Ca">The authority's directory, with certificates of <c>zone-1</c>, <c>dmz-1</c> and so on.</param>
/// <param name="Programs">The directory of the sources, with the executables as they were built.</param>
/// <param name="Work">A directory that is there for this run alone.</param>
/// <param name="Volatile">One on tmpfs, for the agents' state.</param>
internal sealed record ScaleFiles(string Ca, string Programs, string Work, string Volatile)
{
    private const int FirstPort = 20000;
    private const int Ports = 12000;

    private static int _next;

    public string Root => Path.Combine(Ca, "root.crt");

    /// <summary>A port below those that connections are made from, on which nobody listens now.</summary>
    public static int Port()
    {
        var taken = System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners()
            .Select(static e => e.Port).ToHashSet();
        int port;
        do
        {
            port = FirstPort + ((Environment.ProcessId * 17) + (_next++ * 7)) % Ports;
        }
        while (taken.Contains(port));
        return port;
    }

    public string Certificate(string name) => Path.Combine(Ca, name + ".crt");

    public string Key(string name) => Path.Combine(Ca, name + ".key");

    public string Program(string project, string name) => Path.Combine(Programs, "src", project, "bin/Release/net10.0", name);

    public string Directory(params string[] below) => System.IO.Directory.CreateDirectory(
        Path.Combine([Work, .. below]), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;

    /// <summary>Writes a configuration, and starts the executable with it.</summary>
    public NodeProcess Start(string project, string program, string name, string section, string settings)
    {
        var file = Path.Combine(Directory("conf"), name + ".conf");
        File.WriteAllText(file, string.Create(CultureInfo.InvariantCulture, $$"""
            broker {
              tls { root = "{{Root}}", certificate = "{{Certificate(name)}}", key = "{{Key(name)}}" }
              {{section}} {
            {{settings}}
              }
            }
            """));
        return NodeProcess.Start(name, Path.Combine(Directory("log"), name + ".log"), Program(project, program), "--config", file);
    }
}
