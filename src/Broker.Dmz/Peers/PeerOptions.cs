using System.Net;
using Broker.Configuration;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Peers;

/// <summary>The sections <c>broker.dmz.peers</c> and <c>broker.dmz.admission</c>; each key is described in reference.conf.</summary>
/// <param name="Listen">Where other nodes connect; null on a node that is alone.</param>
/// <param name="Nodes">The other nodes by name, with the base address of their peer listener.</param>
/// <param name="IsAuto">Whether the certificate of one of them is enough to be handed customers' secrets.</param>
/// <param name="People">The cluster's admission list: names and public key files.</param>
internal sealed record PeerOptions(
    IPEndPoint? Listen, IReadOnlyDictionary<Name, Uri> Nodes, bool IsAuto, IReadOnlyDictionary<Name, string> People)
{
    /// <summary>Reads both sections.</summary>
    /// <param name="dmz">A reader at <c>broker.dmz</c>.</param>
    public static PeerOptions Read(SettingsReader dmz)
    {
        var listen = dmz.OptionalListen("peers.listen");
        var nodes = new Dictionary<Name, Uri>();
        foreach (var (name, text) in dmz.TextMap("peers.nodes"))
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps)
            {
                dmz.AddProblem("peers.nodes", $"{text} is not an https:// address");
            }
            else if (!Name.TryParse(name, out var node))
            {
                dmz.AddProblem("peers.nodes", $"{name} is not the name of a node");
            }
            else
            {
                nodes[node] = uri;
            }
        }

        if (nodes.Count > 0 && listen is null)
        {
            dmz.AddProblem("peers.listen", "a node that has peers listens for them, on \"0.0.0.0:7447\" for instance");
        }

        var isAuto = dmz.OneOf("admission.mode", ("people", false), ("auto", true));
        return new PeerOptions(listen, nodes, isAuto, ReadPeople(dmz));
    }

    private static Dictionary<Name, string> ReadPeople(SettingsReader dmz)
    {
        var people = new Dictionary<Name, string>();
        var section = dmz.Section("admission.people");
        foreach (var (text, _) in dmz.TextMap("admission.people"))
        {
            if (Name.TryParse(text, out var person))
            {
                people[person] = section.Path(person.Value);
            }
            else
            {
                dmz.AddProblem("admission.people", $"{text} is not a name");
            }
        }

        if (people.Count == 1)
        {
            dmz.AddProblem("admission.people", "two people admit a node: name at least two, or none");
        }

        return people;
    }
}
