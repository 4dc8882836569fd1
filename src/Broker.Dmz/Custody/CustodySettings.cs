using Broker.Configuration;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Custody;

/// <summary>The node's part in custody; each key is described in reference.conf, which also has its default.</summary>
/// <param name="Ways">Ways for which there is a token.</param>
/// <param name="EntriesPerMinute">Entries of one console for one customer in a minute.</param>
/// <param name="LookEvery">Between two looks for what the tokens can unlock.</param>
internal sealed record CustodySettings(IReadOnlyList<TokenWaySettings> Ways, int EntriesPerMinute, TimeSpan LookEvery)
{
    /// <summary>Reads the section <c>custody</c> of a node.</summary>
    public static CustodySettings Read(SettingsReader s)
    {
        var ways = new List<TokenWaySettings>();
        foreach (var way in s.Children("hsm"))
        {
            var settings = new TokenWaySettings(
                Name.TryParse(way.Name, out var name) ? name : default, way.Path("module"), way.Text("token"), way.Text("key-label"),
                way.Path("pin-file"));
            if (name == default)
            {
                s.AddProblem("hsm", $"has a way called {way.Name}; the name of a way is 1 to 63 of a-z, 0-9 and -");
            }
            else
            {
                ways.Add(settings);
            }
        }

        return new CustodySettings(
            ways, s.Integer("entries-per-minute", 1, 100_000), s.Duration("look-every", TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)));
    }
}
