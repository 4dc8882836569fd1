using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Store;

/// <summary>A remembered idempotency key.</summary>
/// <param name="Body">SHA-256 of the request's statement.</param>
/// <param name="HandOff">The hand-off that it released; zero for others.</param>
/// <param name="Result">A number that the operation returned, or 0.</param>
/// <param name="Expires">When it may be forgotten.</param>
internal sealed record IdempotencyRecord(Digest Body, Id16 HandOff, ulong Result, DateTimeOffset Expires);
