using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography.X509Certificates;
using Broker.Protocol.Identifiers;
using PublicKey = Broker.Protocol.Identifiers.PublicKey;

namespace Broker.Links.Identity;

/// <summary>
/// Who is at the other end of a link, or signed a statement: read from a verified certificate chain, never from a message.
/// </summary>
/// <param name="Role">What it is.</param>
/// <param name="Name">The node's, console's or agent's name.</param>
/// <param name="Customer">The customer of an agent; null for every other role.</param>
/// <param name="MayEnrol">Whether a console certificate has the attribute <c>enrol</c>: it may enrol customers.</param>
/// <param name="Key">The certificate's key.</param>
public sealed record PeerIdentity(LinkRole Role, Name Name, Name? Customer, bool MayEnrol, PublicKey Key)
{
    /// <summary>The path of the SPIFFE identity: <c>dmz/node-1</c>, <c>agent/customer/name</c>.</summary>
    public string Path => Customer is { } customer ? $"{Role.Text()}/{customer}/{Name}" : $"{Role.Text()}/{Name}";

    /// <summary>Reads the identity of a chain that was already verified to end at the installation's root.</summary>
    /// <param name="chain">Leaf first, root last: two certificates, or three for an agent.</param>
    /// <param name="cluster">The installation that the identity must name.</param>
    /// <param name="identity">Who it is.</param>
    /// <param name="refusal">Why it is nobody.</param>
    public static bool TryRead(
        IReadOnlyList<X509Certificate2> chain,
        Name cluster,
        [NotNullWhen(true)] out PeerIdentity? identity,
        out LinkRefusal refusal)
    {
        identity = null;
        if (chain.Count is not (2 or 3))
        {
            refusal = LinkRefusal.BadChain;
            return false;
        }

        if (chain.Any(static c => !CertificateKeys.IsP256(c)))
        {
            refusal = LinkRefusal.KeyNotP256;
            return false;
        }

        if (chain.Count == 3 && !IsIssuer(chain[1], cluster, out refusal))
            return false;
        if (!SpiffeId.TryRead(chain[0], out var id, out refusal))
            return false;
        if (id.Cluster != cluster)
        {
            refusal = LinkRefusal.WrongCluster;
            return false;
        }

        if (id.Role == LinkRole.AgentIssuer || id.Role == LinkRole.Agent != (chain.Count == 3))
        {
            refusal = LinkRefusal.RoleNotForChain;
            return false;
        }

        if (CertificateKeys.Read(chain[0]) is not { } key)
        {
            refusal = LinkRefusal.KeyNotP256;
            return false;
        }

        identity = new PeerIdentity(id.Role, id.Name, id.Customer, id.MayEnrol, key);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Path;

    private static bool IsIssuer(X509Certificate2 certificate, Name cluster, out LinkRefusal refusal)
    {
        if (!SpiffeId.TryRead(certificate, out var id, out refusal))
            return false;
        refusal = id.Cluster != cluster ? LinkRefusal.WrongCluster : LinkRefusal.IssuerWithoutRole;
        return id.Cluster == cluster && id.Role == LinkRole.AgentIssuer;
    }
}
