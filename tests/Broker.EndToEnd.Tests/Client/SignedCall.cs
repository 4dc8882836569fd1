using Broker.Protocol.Identifiers;

namespace Broker.EndToEnd.Tests.Client;

/// <summary>A signed request, ready to be sent as often as it takes.</summary>
/// <param name="Method">The method.</param>
/// <param name="Path">Where to.</param>
/// <param name="Body">JSON.</param>
/// <param name="HandOff">For a launch, the id that its hand-off will have; else zeros.</param>
internal sealed record SignedCall(HttpMethod Method, string Path, byte[] Body, Id16 HandOff);
