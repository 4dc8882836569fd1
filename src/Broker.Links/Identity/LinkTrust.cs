using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Broker.Protocol.Identifiers;

namespace Broker.Links.Identity;

/// <summary>
/// The root of one installation: the only thing that certificates are verified against, and the source of the cluster's id.
/// </summary>
public class LinkTrust
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private protected LinkTrust(X509Certificate2 root, Name cluster)
    {
        Root = root;
        Cluster = cluster;
        Fingerprint = Digest.Of(root.RawDataMemory.Span);
    }

    /// <summary>The root certificate.</summary>
    public X509Certificate2 Root { get; }

    /// <summary>The installation's id, which the root states as <c>spiffe://CLUSTER</c>.</summary>
    public Name Cluster { get; }

    /// <summary>
    /// SHA-256 of the root certificate's DER: what tokens carry and people compare, as <c>openssl x509 -fingerprint -sha256</c> prints it.
    /// </summary>
    public Digest Fingerprint { get; }

    /// <summary>Takes a root certificate.</summary>
    /// <exception cref="InstallationKeyException">It is not the root of an installation.</exception>
    public static LinkTrust From(X509Certificate2 root)
    {
        if (!root.SubjectName.RawData.AsSpan().SequenceEqual(root.IssuerName.RawData) || !CertificateKeys.IsP256(root) ||
            !SpiffeId.TryReadRoot(root, out var cluster))
        {
            throw new InstallationKeyException("not a root certificate of an installation; name the root.crt that brokerctl ca init wrote");
        }

        return new LinkTrust(root, cluster);
    }

    /// <summary>Reads a root certificate from a PEM file.</summary>
    /// <exception cref="InstallationKeyException">The file cannot be read or is not the root of an installation.</exception>
    public static LinkTrust Load(string path)
    {
        var certificates = PemFiles.ReadCertificates(path);
        return certificates.Count == 1 ? From(certificates[0]) : throw new InstallationKeyException(
            $"{path} must hold exactly one certificate, the root");
    }

    /// <summary>Verifies a chain and reads its identity, for links' clients and servers.</summary>
    /// <param name="chain">The chain as the TLS stack built it with <see cref="ChainPolicy"/>; null when there was no certificate.</param>
    /// <param name="identity">Who the peer is.</param>
    /// <param name="refusal">Why it is nobody.</param>
    internal bool TryIdentify(X509Chain? chain, [NotNullWhen(true)] out PeerIdentity? identity, out LinkRefusal refusal)
    {
        identity = null;
        refusal = LinkRefusal.NoCertificate;
        if (chain is null || chain.ChainElements.Count == 0)
            return false;
        var status = X509ChainStatusFlags.NoError;
        foreach (var problem in chain.ChainStatus)
            status |= problem.Status;
        if (status != X509ChainStatusFlags.NoError)
        {
            refusal = Classify(status);
            return false;
        }

        var certificates = chain.ChainElements.Select(static e => e.Certificate).ToList();
        if (!certificates[^1].RawDataMemory.Span.SequenceEqual(Root.RawDataMemory.Span))
        {
            refusal = LinkRefusal.ForeignAuthority;
            return false;
        }

        return PeerIdentity.TryRead(certificates, Cluster, out identity, out refusal);
    }

    /// <summary>Verifies the chain of a certificate that signs statements, and reads its identity.</summary>
    /// <param name="chainDer">DER of the leaf and its intermediate, if any.</param>
    /// <param name="at">When the certificates must be valid.</param>
    /// <param name="identity">Whose certificate it is.</param>
    /// <param name="refusal">Why it is nobody's.</param>
    internal virtual bool TryIdentify(
        IReadOnlyList<ReadOnlyMemory<byte>> chainDer, DateTimeOffset at, [NotNullWhen(true)] out PeerIdentity? identity,
        out LinkRefusal refusal)
    {
        identity = null;
        refusal = LinkRefusal.BadChain;
        var certificates = new List<X509Certificate2>(chainDer.Count);
        try
        {
            foreach (var der in chainDer)
                certificates.Add(X509CertificateLoader.LoadCertificate(der.Span));
            using var chain = new X509Chain { ChainPolicy = StatementPolicy(at) };
            for (var i = 1; i < certificates.Count; i++)
                chain.ChainPolicy.ExtraStore.Add(certificates[i]);
            chain.Build(certificates[0]);
            return TryIdentify(chain, out identity, out refusal);
        }
        catch (CryptographicException)
        {
            return false;
        }
        finally
        {
            certificates.ForEach(static c => c.Dispose());
        }
    }

    /// <summary>Whether this root signed a certificate, through its issuer where there is one, whatever the dates.</summary>
    internal bool Signed(X509Certificate2 certificate, X509Certificate2? issuer)
    {
        using var chain = new X509Chain { ChainPolicy = Policy() };
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid | X509VerificationFlags.IgnoreNotTimeNested;
        if (issuer is not null)
            chain.ChainPolicy.ExtraStore.Add(issuer);
        return chain.Build(certificate);
    }

    /// <summary>The policy by which the TLS stack builds the peer's chain, once: this root alone, nothing fetched from a network.</summary>
    /// <param name="peerIsClient">Which extended key usage the peer must have.</param>
    internal X509ChainPolicy ChainPolicy(bool peerIsClient)
    {
        var policy = Policy();
        policy.ApplicationPolicy.Add(new Oid(peerIsClient ? ClientAuthentication : ServerAuthentication));
        return policy;
    }

    /// <summary>The policy for certificates that sign statements, at a time.</summary>
    internal X509ChainPolicy StatementPolicy(DateTimeOffset at)
    {
        var policy = Policy();
        policy.VerificationTime = at.UtcDateTime;
        policy.VerificationTimeIgnored = false;
        return policy;
    }

    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.Add(Root);
        return policy;
    }

    private static LinkRefusal Classify(X509ChainStatusFlags status)
    {
        const X509ChainStatusFlags Foreign = X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain;
        return status switch
        {
            _ when (status & Foreign) != 0 => LinkRefusal.ForeignAuthority,
            _ when (status & X509ChainStatusFlags.NotTimeValid) != 0 => LinkRefusal.NotValidNow,
            _ when (status & X509ChainStatusFlags.NotValidForUsage) != 0 => LinkRefusal.NotForLinks,
            _ => LinkRefusal.BadChain,
        };
    }
}
