using System.Diagnostics.CodeAnalysis;
using Broker.Protocol.Statements;

namespace Broker.Links.Identity;

/// <summary>
/// Verifies a statement that the key of an installation's certificate signed: a node's incarnation, a console's enrolment plan, a ledger
/// key's batch. For whoever decides by such a statement and got it over any number of hands.
/// </summary>
public static class SignedByCertificate
{
    private const int MaxCertificates = 3;
    private const int MaxCertificateBytes = 8 * 1024;

    /// <summary>Verifies chain, dates, role and signature.</summary>
    /// <param name="signed">The statement with its signature.</param>
    /// <param name="chainDer">DER of the leaf and its intermediate, if any; a root at the end does no harm.</param>
    /// <param name="trust">The installation's root.</param>
    /// <param name="role">The role that the signer must have.</param>
    /// <param name="at">When the certificates must be valid.</param>
    /// <param name="signer">Who signed. The caller still compares names inside the statement with it.</param>
    /// <param name="refusal">Why nobody did.</param>
    public static bool TryVerify(
        Signed signed,
        IReadOnlyList<ReadOnlyMemory<byte>> chainDer,
        LinkTrust trust,
        LinkRole role,
        DateTimeOffset at,
        [NotNullWhen(true)] out PeerIdentity? signer,
        out LinkRefusal refusal)
    {
        signer = null;
        if (!TryIdentify(chainDer, trust, at, out var identity, out refusal))
            return false;
        if (identity.Role != role)
        {
            refusal = LinkRefusal.WrongRole;
            return false;
        }

        if (!signed.IsBy(identity.Key))
        {
            refusal = LinkRefusal.BadSignature;
            return false;
        }

        signer = identity;
        return true;
    }

    /// <summary>As <see cref="TryVerify"/>, for callers to whom a refusal is an error.</summary>
    /// <exception cref="LinkRefusedException">The chain, the role or the signature is not good.</exception>
    public static PeerIdentity Verify(
        Signed signed, IReadOnlyList<ReadOnlyMemory<byte>> chainDer, LinkTrust trust, LinkRole role, DateTimeOffset at) =>
        TryVerify(signed, chainDer, trust, role, at, out var signer, out var refusal) ? signer : throw new LinkRefusedException(refusal);

    /// <summary>Verifies a chain alone, whatever its role: for the key of a ledger certificate that is used many times.</summary>
    /// <param name="chainDer">DER of the leaf and its intermediate, if any.</param>
    /// <param name="trust">The installation's root.</param>
    /// <param name="at">When the certificates must be valid.</param>
    /// <param name="identity">Whose certificate it is.</param>
    /// <param name="refusal">Why it is nobody's.</param>
    public static bool TryIdentify(
        IReadOnlyList<ReadOnlyMemory<byte>> chainDer,
        LinkTrust trust,
        DateTimeOffset at,
        [NotNullWhen(true)] out PeerIdentity? identity,
        out LinkRefusal refusal)
    {
        identity = null;
        refusal = LinkRefusal.BadChain;
        if (chainDer.Count is 0 or > MaxCertificates || chainDer.Any(static c => c.Length > MaxCertificateBytes))
            return false;
        return trust.TryIdentify(chainDer, at, out identity, out refusal);
    }
}
