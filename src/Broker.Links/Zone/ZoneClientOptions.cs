using Broker.Links.Identity;
using Broker.Links.Tls;

namespace Broker.Links.Zone;

/// <summary>How a DMZ node talks to the zone.</summary>
/// <param name="Addresses">The zone's nodes, <c>https://host:port</c>, in order of preference; at least one.</param>
public sealed record ZoneClientOptions(IReadOnlyList<Uri> Addresses)
{
    /// <summary>For one call, over all addresses that it tries.</summary>
    /// <value>Default 10 s.</value>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For connecting to one address, handshake included.</summary>
    /// <value>Default 2 s: under the deadline, so that a second address is tried.</value>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Who must answer.</summary>
    /// <value>Default any node of the zone; the peer link names one node of the DMZ.</value>
    public LinkServer Server { get; init; } = new(LinkRole.Zone);
}
