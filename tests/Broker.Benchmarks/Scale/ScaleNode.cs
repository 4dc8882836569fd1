using System.Net.Http.Json;
using System.Text.Json;
using Broker.Links.Identity;
using Broker.Links.Tls;
using Broker.Protocol.Api;

namespace Broker.Benchmarks.Scale;

/// <summary>One DMZ node of the benchmark: its ports, and its process while it runs.</summary>
internal sealed class ScaleNode(ScaleFiles files, InstallationKey console, string name, int zonePort) : IDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(1);

    // Nothing is held up by the bounds that protect an installation.
    private const string Settings = """
            max-customers = 200000
            agents { max = 200000, sessions-per-second = 5000 }
        """;

    private readonly int _agents = ScaleFiles.Port();
    private readonly int _peers = ScaleFiles.Port();
    private readonly int _enrolment = ScaleFiles.Port();
    private readonly string _state = files.Directory($"{name}-{zonePort}");

    public string Name => name;

    public Uri Gateway { get; } = new($"https://127.0.0.1:{ScaleFiles.Port()}");

    public Uri Agents => new($"https://127.0.0.1:{_agents}");

    public string Enrolment => $"127.0.0.1:{_enrolment}";

    public NodeProcess? Process { get; private set; }

    /// <summary>Starts it, and waits until it says that it is ready.</summary>
    /// <param name="peers">The other nodes, which may run or not.</param>
    public async Task StartAsync(params IReadOnlyList<ScaleNode> peers)
    {
        Begin(peers);
        await ReadyAsync();
    }

    /// <summary>Starts it.</summary>
    public void Begin(params IReadOnlyList<ScaleNode> peers)
    {
        var others = string.Join(", ", peers.Where(p => p.Name != name).Select(static p => $"{p.Name} = \"https://127.0.0.1:{p._peers}\""));
        Process = files.Start("Broker.Dmz", "broker-dmz", name, "dmz", $$"""
                agent-issuer { certificate = "{{files.Certificate("agents-1")}}", key = "{{files.Key("agents-1")}}" }
                state-directory = "{{_state}}"
                console.listen = "127.0.0.1:{{Gateway.Port}}"
                agents.listen = "127.0.0.1:{{_agents}}"
                enrolment.listen = "127.0.0.1:{{_enrolment}}"
                zone.addresses = [ "https://127.0.0.1:{{zonePort}}" ]
                {{(others.Length == 0 ? "" : $"peers {{ listen = \"127.0.0.1:{_peers}\", nodes {{ {others} }} }}")}}
                admission.mode = auto
                cluster.move-interval = 1 s
            {{Settings}}
            """);
    }

    public Task ReadyAsync() =>
        Process!.UntilAsync($"{name} is ready", async () => (await HealthAsync())?.Status == "ready", StartPatience);

    /// <summary>A number that the node shows; -1 where it does not answer.</summary>
    public async Task<long> GaugeAsync(string gauge) =>
        (await HealthAsync())?.Gauges?.TryGetValue(gauge, out var value) == true ? value : -1;

    public async Task StopAsync()
    {
        if (Process is { } process)
            await process.StopAsync();
        Process?.Dispose();
        Process = null;
    }

    public void Dispose() => Process?.Dispose();

    private async Task<HealthModel?> HealthAsync()
    {
        using var http = LinkHttpClient.Create(console, new LinkServer(LinkRole.Dmz), Gateway);
        try
        {
            using var answer = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
            return await answer.Content.ReadFromJsonAsync(ApiJson.Default.HealthModel);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException)
        {
            return null;
        }
    }
}
