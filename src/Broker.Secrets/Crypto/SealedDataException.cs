using System.Security.Cryptography;

namespace Broker.Secrets;

/// <summary>Why sealed data, or a peer's public key, was refused.</summary>
public enum SealFailure
{
    /// <summary>Too short, too long or wrongly formed to be what it claims to be.</summary>
    Malformed = 0,

    /// <summary>The public key is not a point of P-256 in the 65-byte uncompressed form, or is the point at infinity.</summary>
    InvalidPoint = 1,

    /// <summary>Altered, or sealed with another key, context or additional data: nothing was opened.</summary>
    NotAuthentic = 2,
}

/// <summary>
/// Something that came from outside could not be used: refused before or without releasing any plaintext. The message carries nothing of
/// the data.
/// </summary>
public sealed class SealedDataException : CryptographicException
{
    /// <summary>A refusal with its reason.</summary>
    /// <param name="failure">What was wrong.</param>
    public SealedDataException(SealFailure failure) : base(failure switch
    {
        SealFailure.Malformed => "the sealed data has the wrong length or form; have the sender seal it again",
        SealFailure.InvalidPoint => "the public key is not a point of P-256 in its 65-byte uncompressed form; have its owner make one",
        _ => "the sealed data was altered, or was sealed with another key or context; nothing was opened",
    }) => Failure = failure;

    /// <summary>What was wrong.</summary>
    public SealFailure Failure { get; }
}
