using Broker.Links.Identity;
using Broker.Links.Issuing;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Agents;

/// <summary>
/// Issues agents' TLS certificates from the intermediate that this node holds. A certificate opens a link and nothing else; it is
/// valid a week longer than the grant, so that an agent can renew.
/// </summary>
internal sealed class AgentIssuer(CertificateIssuer issuer, Name cluster) : IDisposable
{
    private static readonly TimeSpan Renewable = TimeSpan.FromDays(7);

    /// <summary>DER of the agent's certificate and of the issuer's.</summary>
    public IReadOnlyList<byte[]> Issue(Name customer, Grant grant, DateTimeOffset now)
    {
        using var certificate = issuer.Issue(
            new SpiffeId(cluster, LinkRole.Agent, customer, grant.Agent), grant.Key, now, grant.NotAfter - now + Renewable);
        return [certificate.RawData, issuer.Certificate.RawData];
    }

    public void Dispose() => issuer.Dispose();
}
