using Broker.Dmz.Node;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Transfer;

namespace Broker.Dmz.Tests.Support;

/// <summary>The people of the cluster's admission list, and who is not on it.</summary>
internal sealed class Admitters
{
    private readonly Dictionary<string, SignerKey> _people = new() { ["ann"] = new(), ["ben"] = new(), ["stranger"] = new() };

    /// <summary>Enters Ann and Ben into the list of a world.</summary>
    public void Join(DmzWorld world)
    {
        foreach (var name in new[] { "ann", "ben" })
        {
            world.AdmissionList[Name.Parse(name)] = _people[name].Key;
        }
    }

    public static NodeAdmission Of(DmzContext node, DateTimeOffset now) => new(
        node.Cluster, node.Node, node.Incarnation.Key.Fingerprint,
        node.Incarnation.Statement.Read<Protocol.Custody.Incarnation>().Binary, now + TimeSpan.FromHours(1));

    public Admission Sign(NodeAdmission statement, params string[] signers)
    {
        var encoded = statement.Encode();
        return new Admission(
            AdmissionKind.Statement, encoded,
            [.. signers.Select(s => new AdmissionSignature(Name.Parse(s), _people[s].Sign(encoded)))]);
    }

    /// <summary>Two people vouch for a node as it is.</summary>
    public Admission Admit(DmzContext node, DateTimeOffset now) => Sign(Of(node, now), "ann", "ben");
}
