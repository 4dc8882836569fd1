using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Requests;

/// <summary>One credential of a launch and how it is to be used.</summary>
/// <param name="Credential">The credential.</param>
/// <param name="Version">The version; 0 is the latest.</param>
/// <param name="Use">A named use of the agent's own configuration.</param>
public sealed record LaunchItem(Name Credential, uint Version, Name Use);
