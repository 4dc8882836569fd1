using System.Net;
using Broker.Links.Identity;

namespace Broker.Links.Tls;

/// <summary>One listener of a link: where, for whom, and how much of it a network can fill.</summary>
/// <param name="Name">Stands in logs and counters: <c>gateway</c>, <c>zone</c>, <c>agents</c>.</param>
/// <param name="EndPoint">Address and port; port 0 takes a free one.</param>
/// <param name="Roles">Roles whose handshake is accepted. The endpoints check the role again.</param>
public sealed record LinkListener(string Name, IPEndPoint EndPoint, params LinkRole[] Roles)
{
    /// <summary>How long a handshake may take.</summary>
    /// <value>Default 10 s.</value>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Connections at a time; further ones are closed at once.</summary>
    /// <value>Default 4096.</value>
    public int MaxConnections { get; init; } = 4096;

    /// <summary>Handshakes at a time; each costs about a millisecond of a core, so this bounds what strangers can take.</summary>
    /// <value>Default 256.</value>
    public int MaxHandshakes { get; init; } = 256;
}
