using Broker.Protocol.Identifiers;

namespace Broker.Cluster;

/// <summary>One start of a node of the DMZ that takes part now. The same node started again is another member.</summary>
/// <param name="Node">The node, as its certificate names it.</param>
/// <param name="Address">Base address of its peer listener, <c>https://host:port</c>.</param>
/// <param name="Incarnation">Fingerprint of the start's incarnation key. A hint: whoever is handed a secret proves the key itself.</param>
/// <param name="Version">Version of its software, as text to show.</param>
public sealed record Member(Name Node, Uri Address, Digest Incarnation, string Version);
