namespace Broker.Dmz.Placement;

/// <summary>Where customers are to be, of the section <c>broker.dmz.cluster</c>.</summary>
/// <param name="Holders">Nodes that hold a customer, its owner among them.</param>
/// <param name="MoveInterval">How long a customer stays where it is before it is moved for order's sake.</param>
internal sealed record PlacementOptions(int Holders, TimeSpan MoveInterval);
