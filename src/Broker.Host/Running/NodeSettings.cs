using Broker.Configuration;
using Broker.Host.Logging;

namespace Broker.Host.Running;

/// <summary>Reads all that an executable's configuration says, once, with every problem listed.</summary>
internal sealed record NodeSettings<TSettings>(LogSettings Log, TimeSpan StopDeadline, TSettings Own, IReadOnlyList<string> Files)
{
    // Sections that only one executable reads: the others leave them alone, so that one file can serve a whole installation.
    private static readonly string[] Sections = ["dmz", "zone", "agent", "console"];

    /// <exception cref="HoconException">Something is wrong; it lists everything that is.</exception>
    public static NodeSettings<TSettings> Load(NodeDefinition<TSettings> node, IReadOnlyList<string> files)
    {
        var reference = Path.Combine(AppContext.BaseDirectory, "reference.conf");
        var document = HoconDocument.Load([reference, .. files], Environment.GetEnvironmentVariable);
        var reader = new SettingsReader(document);
        var broker = reader.Section("broker");
        var settings = new NodeSettings<TSettings>(
            LogSettings.Read(broker.Section("log")),
            broker.Duration("host.stop-deadline", TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
            node.Read(broker),
            document.Files);
        foreach (var other in Sections.Where(s => s != node.Section))
            broker.Exempt(other);
        reader.ThrowIfInvalid("broker");
        return settings;
    }
}
