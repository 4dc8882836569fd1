using Broker.Protocol.Identifiers;

namespace Broker.Secrets;

/// <summary>What an enrolment token says besides its seed; nothing of it is secret.</summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Agent">The name that the agent will have.</param>
/// <param name="Instance">The instance that it is expected on, at most 4 KiB of UTF-8.</param>
/// <param name="Addresses">Enrolment listeners of the DMZ zone, <c>host:port</c>, 1 to 16; tried in order.</param>
/// <param name="Root">SHA-256 of the DER of the installation's root certificate.</param>
/// <param name="Identity">Fingerprint of the customer's identity key.</param>
/// <param name="NotAfter">End of the token's life, to the millisecond.</param>
public sealed record EnrolmentTerms(
    Name Cluster,
    Name Customer,
    Name Agent,
    string Instance,
    IReadOnlyList<string> Addresses,
    Digest Root,
    Digest Identity,
    DateTimeOffset NotAfter);
