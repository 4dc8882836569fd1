namespace Broker.Links.Identity;

/// <summary>Why a peer or a signer was not believed. Each has a stable code, which is all that outsiders are told.</summary>
public enum LinkRefusal
{
    /// <summary>The peer showed no certificate.</summary>
    NoCertificate,

    /// <summary>The chain does not end at the root of this installation.</summary>
    ForeignAuthority,

    /// <summary>A certificate of the chain has expired or is not valid yet.</summary>
    NotValidNow,

    /// <summary>The certificate does not have the extended key usage of the link's end.</summary>
    NotForLinks,

    /// <summary>The chain is broken in another way: signature, path length, constraints.</summary>
    BadChain,

    /// <summary>A key of the chain is not on P-256.</summary>
    KeyNotP256,

    /// <summary>The certificate has no SPIFFE identity.</summary>
    NoIdentity,

    /// <summary>The certificate has more than one SPIFFE identity.</summary>
    SeveralIdentities,

    /// <summary>The SPIFFE identity, or another URI beside it, is not of a known form.</summary>
    MalformedIdentity,

    /// <summary>The identity names another installation.</summary>
    WrongCluster,

    /// <summary>The role may not stand in a chain of this length: agents through the issuer, all others directly under the root.</summary>
    RoleNotForChain,

    /// <summary>The intermediate does not carry the role <c>agent-issuer</c>.</summary>
    IssuerWithoutRole,

    /// <summary>The role is good, but not allowed here.</summary>
    WrongRole,

    /// <summary>The role is the expected one, the name is not.</summary>
    WrongName,

    /// <summary>The peer does not offer TLS 1.3.</summary>
    TlsVersion,

    /// <summary>The handshake ended for another reason: time, a cut connection, bytes that are not TLS.</summary>
    HandshakeFailed,

    /// <summary>The listener has as many connections or handshakes as it may have.</summary>
    Busy,

    /// <summary>The signature over a statement is not by the certificate's key.</summary>
    BadSignature,
}

/// <summary>The codes of <see cref="LinkRefusal"/>.</summary>
public static class LinkRefusals
{
    private static readonly string[] Codes =
    [
        "no-certificate", "foreign-authority", "certificate-not-valid-now", "certificate-not-for-links", "certificate-chain-invalid",
        "certificate-key-not-p256", "identity-missing", "identity-ambiguous", "identity-malformed", "wrong-cluster",
        "identity-not-for-chain", "issuer-without-role", "wrong-role", "wrong-name", "tls-version", "handshake-failed", "busy",
        "signature-invalid",
    ];

    /// <summary>The stable code, for logs, counters and problem details.</summary>
    public static string Code(this LinkRefusal refusal) => Codes[(int)refusal];
}

/// <summary>A peer's or signer's identity was refused. The message says which check failed and nothing of the certificate.</summary>
public sealed class LinkRefusedException : Exception
{
    /// <summary>Creates the error.</summary>
    public LinkRefusedException(LinkRefusal refusal)
        : base($"the peer's identity was refused: {refusal.Code()}") => Refusal = refusal;

    /// <summary>Which check failed.</summary>
    public LinkRefusal Refusal { get; }
}
