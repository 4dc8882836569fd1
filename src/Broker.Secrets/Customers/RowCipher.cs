using System.Security.Cryptography;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Statements;

namespace Broker.Secrets;

/// <summary>Why a row was not opened.</summary>
public enum RowFailure
{
    /// <summary>It was opened.</summary>
    None,

    /// <summary>It is not a row, or its header names another customer, credential, version or epoch than it stands for.</summary>
    WrongPlace,

    /// <summary>The key commitment differs: the row was encrypted under another key or epoch.</summary>
    WrongKey,

    /// <summary>The tag is not good: header or ciphertext were altered.</summary>
    Altered,
}

/// <summary>
/// Encrypts and opens rows: <c>rk ‖ commit = Expand(K_e, enc("broker/row-key/1", salt), 64)</c>, AES-256-GCM under rk with nonce
/// 0. A fresh salt for every write means that rk is used once.
/// </summary>
public static class RowCipher
{
    private const int KeyLength = 32;

    /// <summary>Encrypts one row.</summary>
    /// <param name="secret">The customer's secret.</param>
    /// <param name="header">What the row is; its length is that of <paramref name="plaintext"/>.</param>
    /// <param name="plaintext">The credential, in locked memory.</param>
    /// <param name="random">The system's randomness.</param>
    /// <exception cref="ArgumentException">
    /// The header is of another cluster, customer, epoch or plaintext, or the plaintext is over 1 MiB.
    /// </exception>
    public static StoredRow Seal(CustomerSecret secret, RowHeader header, ReadOnlySpan<byte> plaintext, RandomFill random)
    {
        if (header.Cluster != secret.Cluster || header.Customer != secret.Customer || header.Epoch != secret.Epoch)
        {
            throw new ArgumentException("the header is of another cluster, customer or epoch", nameof(header));
        }

        if (header.Length != plaintext.Length || plaintext.Length > CredentialKinds.MaxLength)
        {
            throw new ArgumentException("the header is of another plaintext, or the plaintext is over 1 MiB", nameof(header));
        }

        var salt = new byte[StoredRow.SaltLength];
        random(salt);
        using var keys = SecretBuffer.Allocate(2 * KeyLength);
        secret.RowKey(salt, keys.Span);
        var aad = header.Encode();
        var ciphertext = new byte[plaintext.Length + AesGcm256.TagSize];
        AesGcm256.Seal(keys.Span[..KeyLength], AesGcm256.ZeroNonce, plaintext, aad, ciphertext);
        return new StoredRow(aad, salt, keys.Span[KeyLength..].ToArray(), ciphertext);
    }

    /// <summary>Opens one row, of the secret's epoch or of its predecessor's.</summary>
    /// <param name="secret">The customer's secret.</param>
    /// <param name="row">The row, whose place under the head the caller has verified.</param>
    /// <param name="credential">The metadata that the row must belong to.</param>
    /// <param name="version">The version that was asked for.</param>
    /// <param name="plaintext">The credential, owned by the caller; null on failure.</param>
    public static RowFailure TryOpen(
        CustomerSecret secret, StoredRow row, CredentialEntry credential, uint version, out SecretBuffer? plaintext)
    {
        plaintext = null;
        return Read(row) is { } header && header.Credential == credential.Credential && header.Version == version &&
            header.Kind == credential.Kind
            ? Open(secret, header, row, out plaintext)
            : RowFailure.WrongPlace;
    }

    /// <summary>Opens one row by where it stands, for whoever only asks whether it opens.</summary>
    /// <param name="secret">The customer's secret.</param>
    /// <param name="key">Where the row stands; the caller has verified that it stands there under a head.</param>
    /// <param name="row">The row.</param>
    /// <param name="plaintext">The credential, owned by the caller; null on failure.</param>
    public static RowFailure TryOpen(CustomerSecret secret, EntryKey key, StoredRow row, out SecretBuffer? plaintext)
    {
        plaintext = null;
        return Read(row) is { } header && EntryKey.Row(header.Credential, header.Version) == key
            ? Open(secret, header, row, out plaintext)
            : RowFailure.WrongPlace;
    }

    /// <summary>Encrypts a row of the epoch before under the secret's own, with a fresh salt. The plaintext is wiped here.</summary>
    /// <param name="secret">The customer's secret, with its predecessor.</param>
    /// <param name="key">Where the row stands; the caller has verified that it stands there under the head.</param>
    /// <param name="row">The row.</param>
    /// <param name="random">The system's randomness.</param>
    /// <param name="next">The same credential and version; null on failure.</param>
    public static RowFailure TryReseal(CustomerSecret secret, EntryKey key, StoredRow row, RandomFill random, out StoredRow? next)
    {
        next = null;
        if (Read(row) is not { } header || EntryKey.Row(header.Credential, header.Version) != key || header.Epoch == secret.Epoch)
        {
            return RowFailure.WrongPlace;
        }

        var failure = Open(secret, header, row, out var plaintext);
        if (failure == RowFailure.None)
        {
            using (plaintext)
            {
                next = Seal(secret, header with { Epoch = secret.Epoch }, plaintext!.Span, random);
            }
        }

        return failure;
    }

    private static RowHeader? Read(StoredRow row)
    {
        try
        {
            return Statement.Read<RowHeader>(row.Header.Span);
        }
        catch (MalformedException)
        {
            return null;
        }
    }

    private static RowFailure Open(CustomerSecret current, RowHeader header, StoredRow row, out SecretBuffer? plaintext)
    {
        plaintext = null;
        var secret = header.Epoch == current.Epoch ? current : current.Predecessor;
        if (secret is null || header.Epoch != secret.Epoch || header.Cluster != secret.Cluster || header.Customer != secret.Customer ||
            row.Ciphertext.Length != header.Length + AesGcm256.TagSize)
        {
            return RowFailure.WrongPlace;
        }

        using var keys = SecretBuffer.Allocate(2 * KeyLength);
        secret.RowKey(row.Salt.Span, keys.Span);
        if (!CryptographicOperations.FixedTimeEquals(keys.Span[KeyLength..], row.Commitment.Span))
        {
            return RowFailure.WrongKey;
        }

        try
        {
            plaintext = AesGcm256.Open(keys.Span[..KeyLength], AesGcm256.ZeroNonce, row.Ciphertext.Span, row.Header.Span);
            return RowFailure.None;
        }
        catch (SealedDataException)
        {
            return RowFailure.Altered;
        }
    }
}
