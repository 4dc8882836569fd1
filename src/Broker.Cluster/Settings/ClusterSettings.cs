using Broker.Configuration;

namespace Broker.Cluster;

/// <summary>Where it is known who takes part.</summary>
public enum MembershipKind
{
    /// <summary>In the configuration; the nodes probe each other.</summary>
    Static,

    /// <summary>In etcd.</summary>
    Etcd,
}

/// <summary>The section <c>broker.dmz.cluster</c>; each key is described in reference.conf, which also has its default.</summary>
/// <param name="Membership">Where it is known who takes part.</param>
/// <param name="Holders">Nodes that hold a customer's secret, its owner among them; 1 to 16.</param>
/// <param name="MoveInterval">How long a customer stays where it is before it is moved for order's sake.</param>
/// <param name="Etcd">Where etcd is; null unless membership is there.</param>
public sealed record ClusterSettings(MembershipKind Membership, int Holders, TimeSpan MoveInterval, EtcdSettings? Etcd)
{
    /// <summary>Reads the section.</summary>
    /// <param name="dmz">A reader at <c>broker.dmz</c>.</param>
    public static ClusterSettings Read(SettingsReader dmz)
    {
        ArgumentNullException.ThrowIfNull(dmz);
        var cluster = dmz.Section("cluster");
        var kind = cluster.OneOf("membership", ("static", MembershipKind.Static), ("etcd", MembershipKind.Etcd));
        // Read in any case: a section that waits to be used is no reason to refuse a file.
        var etcd = EtcdSettings.Read(cluster.Section("etcd"), isUsed: kind == MembershipKind.Etcd);
        return new ClusterSettings(
            kind, cluster.Integer("holders", 1, 16), cluster.Duration("move-interval", TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
            kind == MembershipKind.Etcd ? etcd : null);
    }
}

/// <summary>The section <c>broker.dmz.cluster.etcd</c>.</summary>
/// <param name="Endpoints">Client addresses of etcd's members, <c>https://host:port</c>.</param>
/// <param name="Authority">PEM file of the authority of etcd's own certificates.</param>
/// <param name="Certificate">PEM file of this node's client certificate for etcd.</param>
/// <param name="Key">PEM file of its key, mode 0600.</param>
/// <param name="Ttl">How long a node that fell silent still counts.</param>
public sealed record EtcdSettings(IReadOnlyList<Uri> Endpoints, string Authority, string Certificate, string Key, TimeSpan Ttl)
{
    internal static EtcdSettings Read(SettingsReader etcd, bool isUsed)
    {
        var endpoints = new List<Uri>();
        foreach (var text in etcd.TextList("endpoints"))
        {
            if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps && uri.PathAndQuery == "/")
                endpoints.Add(uri);
            else
                etcd.AddProblem("endpoints", $"{text} is not an https://host:port address; etcd is reached by mutual TLS only");
        }

        if (isUsed && endpoints.Count == 0)
            etcd.AddProblem("endpoints", "membership = etcd needs the addresses of etcd's members, such as https://10.0.0.8:2379");
        return new EtcdSettings(
            endpoints, File("ca"), File("certificate"), File("key"),
            etcd.Duration("ttl", TimeSpan.FromSeconds(3), TimeSpan.FromMinutes(5)));

        string File(string key) => isUsed ? etcd.Path(key) : etcd.OptionalPath(key) ?? "";
    }
}
