using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using Broker.Protocol.Identifiers;

namespace Broker.Links.Identity;

/// <summary>
/// The identity that a certificate states in its subject alternative names: <c>spiffe://CLUSTER/ROLE/NAME</c>, for an agent
/// <c>spiffe://CLUSTER/agent/CUSTOMER/AGENT</c>. DNS names and addresses beside it are for other people's clients and say nothing here;
/// a URI that is not known is refused, so that nothing is overlooked.
/// </summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Role">The role.</param>
/// <param name="Customer">The customer of an agent.</param>
/// <param name="Name">The name within the role, or within the customer.</param>
/// <param name="MayEnrol">Whether the attribute <c>enrol</c> stands beside it.</param>
public readonly record struct SpiffeId(Name Cluster, LinkRole Role, Name? Customer, Name Name, bool MayEnrol = false)
{
    /// <summary>The URI of the attribute that lets a console certificate enrol customers.</summary>
    public const string EnrolAttribute = "urn:broker:attribute:enrol";

    private const string Scheme = "spiffe://";
    private const string SubjectAlternativeName = "2.5.29.17";
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    /// <summary>The identity as a URI.</summary>
    public override string ToString() =>
        Customer is { } customer ? $"{Scheme}{Cluster}/{Role.Text()}/{customer}/{Name}" : $"{Scheme}{Cluster}/{Role.Text()}/{Name}";

    /// <summary>The identity of an installation's root: <c>spiffe://CLUSTER</c>, without a path.</summary>
    public static string OfRoot(Name cluster) => Scheme + cluster.Value;

    /// <summary>Reads the cluster that a root certificate states.</summary>
    /// <returns>False: it states none, or something else besides.</returns>
    public static bool TryReadRoot(X509Certificate2 certificate, out Name cluster)
    {
        cluster = default;
        return TryUris(certificate, out var uris) && uris.Count == 1 && uris[0].StartsWith(Scheme, StringComparison.Ordinal) &&
            Name.TryParse(uris[0][Scheme.Length..], out cluster);
    }

    /// <summary>Reads the one identity of a certificate.</summary>
    internal static bool TryRead(X509Certificate2 certificate, out SpiffeId id, out LinkRefusal refusal)
    {
        id = default;
        refusal = LinkRefusal.MalformedIdentity;
        if (!TryUris(certificate, out var uris))
            return false;
        var identities = uris.FindAll(static u => u.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase));
        if (identities.Count != 1)
        {
            refusal = identities.Count == 0 ? LinkRefusal.NoIdentity : LinkRefusal.SeveralIdentities;
            return false;
        }

        var attributes = uris.FindAll(static u => !u.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase));
        if (!TryParse(identities[0], out id) || attributes.Count > 1 || attributes.Exists(static a => a != EnrolAttribute))
            return false;
        id = id with { MayEnrol = attributes.Count == 1 };
        return !id.MayEnrol || id.Role == LinkRole.Console;
    }

    private static bool TryParse(string uri, out SpiffeId id)
    {
        id = default;
        if (!uri.StartsWith(Scheme, StringComparison.Ordinal))
            return false;
        var parts = uri[Scheme.Length..].Split('/');
        if (parts.Length is not (3 or 4) || !Name.TryParse(parts[0], out var cluster) || !LinkRoles.TryParse(parts[1], out var role) ||
            role == LinkRole.Agent != (parts.Length == 4) || !Name.TryParse(parts[^1], out var name))
        {
            return false;
        }

        Name? customer = null;
        if (role == LinkRole.Agent)
        {
            if (!Name.TryParse(parts[2], out var owner))
                return false;
            customer = owner;
        }

        id = new SpiffeId(cluster, role, customer, name);
        return true;
    }

    // RFC 5280, 4.2.1.6: GeneralNames is a sequence of context-tagged choices; [6] is a URI as IA5String.
    private static bool TryUris(X509Certificate2 certificate, out List<string> uris)
    {
        uris = [];
        var found = false;
        try
        {
            foreach (var extension in certificate.Extensions)
            {
                if (extension.Oid?.Value != SubjectAlternativeName)
                    continue;
                if (found)
                    return false;
                found = true;
                var reader = new AsnReader(extension.RawData, AsnEncodingRules.DER);
                var names = reader.ReadSequence();
                reader.ThrowIfNotEmpty();
                while (names.HasData)
                {
                    if (names.PeekTag().HasSameClassAndValue(UriTag))
                        uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, UriTag));
                    else
                        names.ReadEncodedValue();
                }
            }
        }
        catch (AsnContentException)
        {
            return false;
        }

        return true;
    }
}
