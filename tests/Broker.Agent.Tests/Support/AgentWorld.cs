using Broker.Actors;
using Broker.Agent.Settings;
using Broker.Agent.State;
using Broker.Configuration;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Secrets;
using Broker.TestKit;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Agent.Tests.Support;

/// <summary>An enrolled agent and the DMZ node that it connects to; all of it real, in one process.</summary>
internal sealed class AgentWorld : IAsyncDisposable
{
    private readonly long _bytesAtRest = SecretMemory.Default.LiveBytes;
    private readonly List<ScriptedOwner> _owners = [];

    private AgentWorld()
    {
    }

    internal Installation Installation { get; } = new();

    internal TemporaryDirectory Directory { get; } = new();

    internal DmzServer Dmz { get; private set; } = null!;

    internal AgentHost? Host { get; private set; }

    internal StateDirectory State { get; private set; } = null!;

    internal PublicKey AgentKey { get; private set; } = null!;

    internal static Id16 Boot { get; } = BootId.Read();

    internal string Uses => $$"""
        keep { mode = hold, hold-for = 1h, at-most = 2 }
        print { mode = stdin, command = ["/bin/sh", "-c", "cat >> {{Directory["printed"]}}"] }
        serve { mode = file, command = ["/bin/sh", "-c", "cat {file:key} {file:cert} >> {{Directory["served"]}}; exec sleep 1000"] }
        """;

    internal static async Task<AgentWorld> StartAsync(Func<Grant, Grant>? change = null, bool start = true)
    {
        var world = new AgentWorld();
        world.Dmz = await DmzServer.ForAgentsAsync(world.Installation.Dmz);
        System.IO.Directory.CreateDirectory(
            world.Directory["state"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        world.State = StateDirectory.Open(world.Directory["state"], allowDisk: false);
        using var scalar = P256Scalar.Generate(SystemRandom.Fill);
        using var key = P256PrivateKey.FromScalar(scalar);
        world.AgentKey = PublicKey.Parse(key.PublicKey);
        var grant = world.Installation.Grant(world.AgentKey, Boot);
        Enrolled.Save(
            world.State, scalar, world.Installation.Trust, world.Installation.Certificates(world.AgentKey),
            world.Installation.Secret.Sign(change?.Invoke(grant) ?? grant), world.Installation.Secret.Identity);
        if (start)
            world.StartAgent();
        return world;
    }

    internal AgentSettings Settings() => AgentSettingsReader.Read(HoconDocument.Parse(ConfigurationText(), "test.conf"));

    internal string ConfigurationText() =>
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "hocon", "reference.conf")) + $$"""

        broker.agent {
          dmz = ["{{Dmz.Address.Authority}}"]
          connect-timeout = 1m
          state.directory = "{{Directory["state"]}}"
          session { reconnect-from = 1ms, reconnect-to = 20ms }
          uses { {{Uses}} }
        }
        """;

    internal void StartAgent() =>
        Host = AgentHost.Start(Settings(), State, Boot, new ActorSystemOptions { Time = new SteadyTime() }, NullLogger.Instance);

    internal async Task<ScriptedOwner> Accept()
    {
        var owner = new ScriptedOwner(await Dmz.NextLinkAsync(), Installation.Secret, AgentKey);
        _owners.Add(owner);
        return owner;
    }

    internal async Task<ScriptedOwner> Connect(ulong fence = 7)
    {
        var owner = await Accept();
        owner.Fence = fence;
        return await owner.Begin();
    }

    internal async Task StopAgent()
    {
        if (Host is not { } host)
            return;

        Host = null;
        host.RequestStop();
        Assert.True(await Eventually.Within(host.Completion, "the end of the agent"));
        host.Dispose();
    }

    internal string Read(string name) => File.Exists(Directory[name]) ? File.ReadAllText(Directory[name]) : "";

    public async ValueTask DisposeAsync()
    {
        foreach (var owner in _owners)
            await owner.DisposeAsync();
        // The agent waits at its end for the other end to close.
        await Dmz.EndLinksAsync();
        await StopAgent();
        await Dmz.DisposeAsync();
        Installation.Dispose();
        Directory.Dispose();
        await Eventually.True(() => SecretMemory.Default.LiveBytes <= _bytesAtRest, "the gauge of locked memory at rest");
        await Eventually.True(static () => UseWorld.MemoryFiles() == 0, "all memory files closed");
    }
}
