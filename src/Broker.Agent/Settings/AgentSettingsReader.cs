using System.Net;
using Broker.Agent.Session;
using Broker.Agent.Uses;
using Broker.Configuration;
using Broker.Secrets;
using Serilog.Events;

namespace Broker.Agent.Settings;

/// <summary>Binds <c>broker.agent</c>; everything that is wrong is listed at once.</summary>
internal static class AgentSettingsReader
{
    private const string Section = "broker.agent";
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <summary>Reads the reference configuration that lies beside the executable and the given files over it.</summary>
    /// <param name="files">Lowest layer first.</param>
    /// <exception cref="HoconException">Something is wrong; it lists everything that is.</exception>
    internal static AgentSettings Load(IReadOnlyList<string> files) => Read(HoconDocument.Load(
        [Path.Combine(AppContext.BaseDirectory, "hocon", "reference.conf"), .. files], Environment.GetEnvironmentVariable));

    /// <summary>Reads a document.</summary>
    /// <exception cref="HoconException">Something is wrong; it lists everything that is.</exception>
    internal static AgentSettings Read(HoconDocument document)
    {
        var root = new SettingsReader(document);
        var agent = root.Section(Section);
        var settings = new AgentSettings
        {
            Dmz = ReadAddresses(agent),
            ConnectTimeout = agent.Duration("connect-timeout", 10 * Millisecond, Hour),
            StatePath = agent.Path("state.directory"),
            AllowDisk = agent.Boolean("state.allow-disk"),
            JournalLimit = agent.Integer("state.journal-limit", 16, 10_000_000),
            SecretCapacity = agent.Size("secrets.capacity", 64 << 10, 1L << 32),
            CryptoHeap = (int)agent.Size("secrets.crypto-heap", 64 << 10, 1 << 26),
            SecretBacking = agent.OneOf(
                "secrets.backing", ("auto", SecretMemoryBacking.Auto), ("memfd-secret", SecretMemoryBacking.MemfdSecret),
                ("mmap", SecretMemoryBacking.Mmap)),
            LogLevel = agent.OneOf(
                "log.level", ("debug", LogEventLevel.Debug), ("information", LogEventLevel.Information), ("warning", LogEventLevel.Warning),
                ("error", LogEventLevel.Error)),
            StopTimeout = agent.Duration("stop-timeout", Millisecond, Hour),
            Session = ReadSession(agent.Section("session")),
            Uses = UseReader.ReadAll(agent),
        };
        root.ThrowIfInvalid(Section);
        return settings;
    }

    private static List<Uri> ReadAddresses(SettingsReader agent)
    {
        var addresses = agent.EndPointList("dmz").Select(static e => new Uri(e switch
        {
            DnsEndPoint dns => $"https://{dns.Host}:{dns.Port}",
            _ => $"https://{e}",
        })).ToList();
        if (addresses.Count == 0 && agent.Has("dmz"))
            agent.AddProblem("dmz", "names no address; list the agent listeners of the DMZ nodes as \"host:port\"");
        return addresses;
    }

    private static SessionSettings ReadSession(SettingsReader session)
    {
        var settings = new SessionSettings
        {
            ReconnectFrom = session.Duration("reconnect-from", Millisecond, Hour),
            ReconnectTo = session.Duration("reconnect-to", Millisecond, Hour),
            HandshakeTimeout = session.Duration("handshake-timeout", Millisecond, Hour),
            SessionLife = session.Duration("life", TimeSpan.FromSeconds(1), Hour),
            RenewRetry = session.Duration("renew-retry", Millisecond, Hour),
        };
        if (settings.ReconnectTo < settings.ReconnectFrom)
            session.AddProblem("reconnect-to", "is shorter than reconnect-from; make it the longer of the two");
        return settings;
    }
}
