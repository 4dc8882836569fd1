using Broker.Links.Identity;
using Broker.Protocol.Identifiers;

namespace Broker.CredentialZone.Backup;

/// <summary>Believes the certificates of ledger keys that stand in a store.</summary>
internal static class LedgerCertificates
{
    /// <summary>The key of a certificate of role ledger under the root.</summary>
    /// <param name="certificate">DER.</param>
    /// <param name="trust">The root.</param>
    /// <param name="at">When it has to hold.</param>
    /// <returns>Null where it is not believed.</returns>
    public static PublicKey? Identify(ReadOnlyMemory<byte> certificate, LinkTrust trust, DateTimeOffset at)
    {
        IReadOnlyList<ReadOnlyMemory<byte>> chain = [certificate];
        return SignedByCertificate.TryIdentify(chain, trust, at, out var identity, out _) && identity.Role == LinkRole.Ledger
            ? identity.Key
            : null;
    }
}
