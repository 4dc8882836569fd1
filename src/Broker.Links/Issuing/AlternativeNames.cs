using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Broker.Links.Issuing;

/// <summary>
/// Writes subject alternative names (RFC 5280, 4.2.1.6) with URIs exactly as given; the platform's builder takes only parsed URIs and
/// writes them normalised.
/// </summary>
internal static class AlternativeNames
{
    private const string Oid = "2.5.29.17";

    public static X509Extension Build(IEnumerable<string> uris, IEnumerable<string> hosts)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var uri in uris)
                writer.WriteCharacterString(UniversalTagNumber.IA5String, uri, new Asn1Tag(TagClass.ContextSpecific, 6));
            foreach (var host in hosts)
            {
                if (IPAddress.TryParse(host, out var address))
                    writer.WriteOctetString(address.GetAddressBytes(), new Asn1Tag(TagClass.ContextSpecific, 7));
                else
                    writer.WriteCharacterString(UniversalTagNumber.IA5String, host, new Asn1Tag(TagClass.ContextSpecific, 2));
            }
        }

        return new X509Extension(Oid, writer.Encode(), critical: false);
    }
}
