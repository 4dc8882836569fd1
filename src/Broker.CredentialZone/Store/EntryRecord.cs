using Broker.Protocol.Directory;

namespace Broker.CredentialZone.Store;

/// <summary>An entry of the directory, or a row.</summary>
/// <param name="Key">Type and id.</param>
/// <param name="Statement">The encoding.</param>
/// <param name="Signature">The identity key's signature; empty for a row.</param>
internal sealed record EntryRecord(EntryKey Key, ReadOnlyMemory<byte> Statement, ReadOnlyMemory<byte> Signature);
