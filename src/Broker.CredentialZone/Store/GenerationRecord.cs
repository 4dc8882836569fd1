using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Store;

/// <summary>The generation of an agent.</summary>
/// <param name="Agent">The agent.</param>
/// <param name="Boot">The boot that presented it.</param>
/// <param name="Generation">The highest one presented.</param>
/// <param name="Suspended">Whether a used one was presented.</param>
internal sealed record GenerationRecord(Name Agent, Id16 Boot, ulong Generation, bool Suspended);
