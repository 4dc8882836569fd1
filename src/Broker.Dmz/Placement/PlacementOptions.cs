using Broker.Configuration;

namespace Broker.Dmz.Placement;

/// <summary>The section <c>broker.dmz.cluster</c>; each key is described in reference.conf.</summary>
/// <param name="Holders">Nodes that hold a customer, its owner among them.</param>
/// <param name="MoveInterval">How long a customer stays where it is before it is moved for order's sake.</param>
internal sealed record PlacementOptions(int Holders, TimeSpan MoveInterval)
{
    /// <summary>Reads the section.</summary>
    public static PlacementOptions Read(SettingsReader cluster) => new(
        (int)cluster.Integer("holders", 1, 16), cluster.Duration("move-interval", TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)));
}
