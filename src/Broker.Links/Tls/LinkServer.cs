using System.Net;
using Broker.Links.Identity;
using Broker.Protocol.Identifiers;

namespace Broker.Links.Tls;

/// <summary>Who must answer on a link. DNS names and addresses play no part: identity is what the certificate states.</summary>
/// <param name="Role">The role that the server must have.</param>
/// <param name="Name">The name that it must have, where one certain node is meant.</param>
public sealed record LinkServer(LinkRole Role, Name? Name = null)
{
    /// <summary>How long connecting and the handshake may take together.</summary>
    /// <value>Default 5 s.</value>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>This machine's address to connect from, where it has several; each has some 28,000 ports for one server.</summary>
    /// <value>Default null: the system chooses.</value>
    public IPAddress? From { get; init; }

    internal LinkRefusal? Refuse(PeerIdentity server) => server switch
    {
        _ when server.Role != Role => LinkRefusal.WrongRole,
        _ when Name is { } name && server.Name != name => LinkRefusal.WrongName,
        _ => null,
    };
}
