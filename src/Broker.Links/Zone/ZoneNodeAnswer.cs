using Broker.Protocol.Wire.Zone;

namespace Broker.Links.Zone;

/// <summary>What one node of the zone said of itself.</summary>
/// <param name="Address">Where it is; null where the caller knows no addresses.</param>
/// <param name="Version">Its version of the link, by its last answer; 0 where it never gave one.</param>
/// <param name="Reply">Its answer; null where there was none in time.</param>
public sealed record ZoneNodeAnswer(Uri? Address, uint Version, DescribeReply? Reply);
