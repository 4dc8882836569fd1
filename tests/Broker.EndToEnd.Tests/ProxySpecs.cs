using System.Text;
using Broker.EndToEnd.Tests.Client;
using Broker.EndToEnd.Tests.Harness;
using Broker.EndToEnd.Tests.Links;
using Broker.EndToEnd.Tests.Scanning;
using Broker.MemoryScanner;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Tests;

/// <summary>
/// Whoever ends TLS in the middle with a node's certificate sees ciphertext: a credential going in, one being handed over, shares on
/// their way to an unlock.
/// </summary>
[Collection(Certificates.Collection)]
public sealed class ProxySpecs(Certificates certificates, ITestOutputHelper output)
{
    [Fact]
    public async Task A_proxy_that_ends_tls_should_see_no_secret_on_the_links_of_console_and_agent()
    {
        var options = new ClusterOptions { Uses = """digest { mode = stdin, command = [ "/usr/bin/sha256sum" ] }""" };
        await using var cluster = await Cluster.StartAsync(certificates, options);
        var shown = RawTls.Identity(cluster.Ca, "proxy-1", $"{cluster.Ca}/root.crt");
        await using var consoles = new RecordingProxy(
            shown, () => RawTls.Identity(cluster.Ca, "console-1", $"{cluster.Ca}/root.crt"), cluster.ConsolePort);
        await using var agents = new RecordingProxy(
            shown, () => RawTls.Identity(cluster.AgentState, "agent", $"{cluster.Ca}/root.crt"), cluster.AgentsPort);
        await cluster.RunAsync(output, async () =>
        {
            var canary = Canary.Make();
            await WorkAsync(cluster, consoles, agents, canary);

            var needles = new List<Needle> { new("canary", canary), new("secret", await Custody.RebuildAsync(cluster)) };
            foreach (var custodian in Certificates.Custodians)
                needles.Add(new Needle(custodian, (await Custody.ShareAsync(cluster, custodian)).Share));
            var seen = Write(cluster, "consoles", consoles.Recorded, unmask: false) + Write(
                cluster, "agents", agents.Recorded, unmask: true);
            var report = FileScan.Run([cluster.InTemporary("consoles"), cluster.InTemporary("agents")], new NeedleSet(needles));
            output.WriteLine($"{seen} bytes seen");
            Scan.Nothing("in what the proxies saw", report);
            Control(cluster);
        });
    }

    private static async Task WorkAsync(Cluster cluster, RecordingProxy consoles, RecordingProxy agents, byte[] canary)
    {
        var direct = cluster.Console;
        cluster.Console = new Brokerctl(Path.Combine(cluster.Work, "through-proxy"));
        await cluster.MakeProfileAsync(cluster.Console, consoles.Port);
        cluster.AgentDetour = agents.Port;
        await cluster.EnrolAsync();
        await cluster.PutPolicyAsync("digest");
        await cluster.PutAsync("canary-credential", canary);
        await cluster.EnrolAgentAsync();
        var launches = new Launching(cluster);
        await launches.LaunchAsync("--use", "digest=canary-credential");

        var logged = cluster.Agent.Log.Length;
        await cluster.Dmz.KillAsync();
        cluster.StartDmz();
        await cluster.DmzReadyAsync();
        await cluster.UnlockAsync();
        await cluster.SessionAsync(logged);
        await launches.LaunchAsync("--use", "digest=canary-credential");
        Assert.NotSame(direct, cluster.Console);
    }

    /// <summary>Writes the streams to files, one each, and returns how many bytes they have.</summary>
    private static long Write(Cluster cluster, string name, IReadOnlyList<(bool FromClient, byte[] Bytes)> recorded, bool unmask)
    {
        var directory = Directory.CreateDirectory(cluster.InTemporary(name)).FullName;
        for (var i = 0; i < recorded.Count; i++)
        {
            var (fromClient, bytes) = recorded[i];
            File.WriteAllBytes($"{directory}/{i}", unmask && fromClient ? WebSocketFrames.Unmask(bytes) : bytes);
        }

        return recorded.Sum(static r => r.Bytes.LongLength);
    }

    /// <summary>What is public is there, on both links and both ways: else seeing no secret would show nothing.</summary>
    private static void Control(Cluster cluster)
    {
        foreach (var (link, text) in new[]
        {
            ("consoles", "acknowledged"), ("consoles", "canary-credential"), ("agents", "canary-credential"), ("agents", "broker/ah/1"),
            ("agents", "broker/oh/1"),
        })
        {
            var control = FileScan.Run([cluster.InTemporary(link)], new NeedleSet([new Needle(text, Encoding.ASCII.GetBytes(text))]));
            Assert.True(control.Total > 0, $"'{text}' was not seen on the link of the {link}");
        }
    }
}
