using System.Net;
using Broker.Cluster;
using Broker.Configuration;
using Broker.Dmz.Custody;
using Broker.Dmz.Peers;
using Broker.Host;
using Broker.Protocol.Identifiers;
using Broker.Secrets;

namespace Broker.Dmz.Node;

/// <summary>The configuration of a DMZ node; each key is described in reference.conf, which also has its default.</summary>
internal sealed record DmzOptions(
    TlsSettings Tls,
    string? AgentIssuerCertificate,
    string? AgentIssuerKey,
    string StateDirectory,
    IPEndPoint Console,
    IPEndPoint Agents,
    IPEndPoint Enrolment,
    IReadOnlyList<Uri> ZoneAddresses,
    TimeSpan ZoneDeadline,
    long SecretCapacity,
    SecretMemoryBacking SecretBacking,
    int MaxAgents,
    int MaxLaunches,
    CustodySettings Custody,
    NodeLimits Limits,
    PeerOptions Peers,
    ClusterSettings Cluster)
{
    /// <summary>The descriptor of a memfd with a predecessor's tickets, of the command line.</summary>
    public int? AdmissionDescriptor { get; init; }

    /// <summary>Sessions with agents that are begun in a second.</summary>
    public required int SessionsPerSecond { get; init; }

    /// <summary>Consoles that may have this node leave.</summary>
    public IReadOnlySet<Name> DrainConsoles { get; init; } = new HashSet<Name>();

    /// <summary>The node's own section under <c>broker</c>.</summary>
    public const string Section = "dmz";

    public static DmzOptions Read(SettingsReader broker)
    {
        var s = broker.Section(Section);
        var issuerCertificate = s.OptionalPath("agent-issuer.certificate");
        var issuerKey = s.OptionalPath("agent-issuer.key");
        if ((issuerCertificate is null) != (issuerKey is null))
        {
            s.AddProblem("agent-issuer", "certificate and key of the agents' issuer are set together, or neither");
        }

        return new DmzOptions(
            TlsSettings.Read(broker.Section("tls")),
            issuerCertificate,
            issuerKey,
            s.Path("state-directory"),
            s.Listen("console.listen"),
            s.Listen("agents.listen"),
            s.Listen("enrolment.listen"),
            ReadAddresses(s),
            s.Duration("zone.deadline", TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(2)),
            s.Size("secrets.capacity", 1 << 20, 64L << 30),
            s.OneOf(
                "secrets.backing",
                ("auto", SecretMemoryBacking.Auto), ("memfd-secret", SecretMemoryBacking.MemfdSecret), ("mmap", SecretMemoryBacking.Mmap)),
            (int)s.Integer("agents.max", 1, 1_000_000),
            (int)s.Integer("max-launches", 1, 1_000_000),
            CustodySettings.Read(s.Section("custody")),
            new NodeLimits(
                (int)s.Integer("max-customers", 1, 1_000_000),
                (int)s.Integer("max-in-flight", 1, 1_000_000),
                s.Duration("hand-off-timeout", TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
                s.Duration("share-timeout", TimeSpan.FromSeconds(10), TimeSpan.FromHours(24)),
                s.Duration("grant-life", TimeSpan.FromMinutes(1), TimeSpan.FromDays(7))),
            PeerOptions.Read(s),
            ClusterSettings.Read(s))
        {
            SessionsPerSecond = (int)s.Integer("agents.sessions-per-second", 1, 1_000_000),
            DrainConsoles = ReadConsoles(s),
        };
    }

    private static HashSet<Name> ReadConsoles(SettingsReader s)
    {
        var consoles = new HashSet<Name>();
        foreach (var text in s.TextList("drain.consoles"))
        {
            if (Name.TryParse(text, out var console))
            {
                consoles.Add(console);
            }
            else
            {
                s.AddProblem("drain.consoles", $"{text} is not the name of a console, such as console-1");
            }
        }

        return consoles;
    }

    private static List<Uri> ReadAddresses(SettingsReader s)
    {
        var addresses = new List<Uri>();
        foreach (var text in s.TextList("zone.addresses"))
        {
            if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps)
            {
                addresses.Add(uri);
            }
            else
            {
                s.AddProblem("zone.addresses", $"{text} is not an https:// address");
            }
        }

        if (addresses.Count == 0)
        {
            s.AddProblem("zone.addresses", "at least one address of a zone node is needed, such as https://10.0.0.5:7445");
        }

        return addresses;
    }
}
