using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Store;

/// <summary>A point of a chain.</summary>
/// <param name="Length">Blocks up to it.</param>
/// <param name="Hash">Hash of the last of them.</param>
internal readonly record struct LedgerPoint(ulong Length, Digest Hash);
