using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Store;

/// <summary>An invitation of an agent.</summary>
/// <param name="Token">Fingerprint of the one-time token.</param>
/// <param name="Agent">The agent.</param>
/// <param name="Request">The encoding of the signed request that invites.</param>
/// <param name="NotAfter">End of its life.</param>
/// <param name="Redeemed">Whether an agent enrolled with it.</param>
internal sealed record InvitationRecord(
    Digest Token, Name Agent, ReadOnlyMemory<byte> Request, DateTimeOffset NotAfter, bool Redeemed);
