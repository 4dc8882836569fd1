using Broker.Protocol.Identifiers;

namespace Broker.Dmz.Draining;

/// <summary>Who may have a node leave, and how.</summary>
/// <param name="Consoles">Consoles by name.</param>
/// <param name="Stop">Begins the orderly stop, for a reason.</param>
internal sealed record DrainPermit(IReadOnlySet<Name> Consoles, Action<string> Stop);
