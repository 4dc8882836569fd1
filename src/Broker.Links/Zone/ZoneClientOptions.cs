using System.Net;
using Broker.Links.Identity;
using Broker.Links.Tls;

namespace Broker.Links.Zone;

/// <summary>How a DMZ node talks to the zone.</summary>
/// <param name="Addresses">The zone's nodes, <c>https://host:port</c>; at least one. A name counts once for each address that it
/// has.</param>
public sealed record ZoneClientOptions(IReadOnlyList<Uri> Addresses)
{
    /// <summary>For one call, over all addresses that it tries.</summary>
    /// <value>Default 10 s.</value>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For connecting to one address, handshake included.</summary>
    /// <value>Default 2 s: under the deadline, so that a second address is tried.</value>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>For a call that only reads, at one node while there is another: then that one is asked.</summary>
    /// <value>Default 2 s. A change that is not to be done twice waits for its deadline: it may have been executed.</value>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>For a change that may be done twice, at one node while there is another: then that one is sent it too.</summary>
    /// <value>Default 500 ms: whoever launched waits for it.</value>
    public TimeSpan RepeatAfter { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a node may owe answers before it is asked whether it lives, and others get its calls meanwhile.</summary>
    /// <value>Default 500 ms; the same is the time that it has to say so.</value>
    public TimeSpan SuspectAfter { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a node that failed is left out the first time; doubled with each failure that follows.</summary>
    /// <value>Default 250 ms.</value>
    public TimeSpan EjectFrom { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a node is left out at most before it is looked at again.</summary>
    /// <value>Default 10 s.</value>
    public TimeSpan EjectTo { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How old the addresses of a name may become; a tenth of it while a node does badly.</summary>
    /// <value>Default 30 s.</value>
    public TimeSpan LookUpEvery { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Told, on a thread of the network, when the other end has ended a connection.</summary>
    internal Action? ConnectionLost { get; init; }

    /// <summary>Finds the addresses of a name.</summary>
    internal Func<string, Task<IPAddress[]>> LookUp { get; init; } = static name => Dns.GetHostAddressesAsync(name);

    /// <summary>Who must answer.</summary>
    /// <value>Default any node of the zone; the peer link names one node of the DMZ.</value>
    public LinkServer Server { get; init; } = new(LinkRole.Zone);
}
