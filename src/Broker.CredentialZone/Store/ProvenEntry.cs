using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Store;

/// <summary>An entry, or its absence, with the proof under the customer's head.</summary>
/// <param name="Key">Type and id.</param>
/// <param name="Entry">The entry; null when there is none, and for a row where rows are not given.</param>
/// <param name="Value">SHA-256 of the statement; zero when there is no entry.</param>
/// <param name="Proof">The encoding of a <see cref="Protocol.Merkle.TreeProof"/>.</param>
internal sealed record ProvenEntry(EntryKey Key, EntryRecord? Entry, Digest Value, ReadOnlyMemory<byte> Proof);
