using System.Security.Cryptography;

namespace Broker.Secrets;

/// <summary>
/// AES-256-GCM with a 12-byte nonce and a 16-byte tag after the ciphertext. The library's key schedule lives for one call: it is kept in
/// memory that is not locked, so nothing holds on to it.
/// </summary>
public static class AesGcm256
{
    /// <summary>Bytes of a key.</summary>
    public const int KeySize = 32;

    /// <summary>Bytes of a nonce.</summary>
    public const int NonceSize = 12;

    /// <summary>Bytes that sealing adds.</summary>
    public const int TagSize = 16;

    /// <summary>Twelve zero bytes: the nonce of a key that seals one message only.</summary>
    public static ReadOnlySpan<byte> ZeroNonce => "\0\0\0\0\0\0\0\0\0\0\0\0"u8;

    /// <summary>Encrypts and authenticates.</summary>
    /// <param name="key">32 bytes, locked memory.</param>
    /// <param name="nonce">12 bytes, never used twice with this key.</param>
    /// <param name="plaintext">What to seal, locked memory.</param>
    /// <param name="associatedData">What to authenticate besides.</param>
    /// <param name="destination">Receives ciphertext ‖ tag: exactly 16 bytes longer than the plaintext.</param>
    public static void Seal(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> plaintext,
        ReadOnlySpan<byte> associatedData,
        Span<byte> destination)
    {
        Check(key, nonce);
        CheckSealed(plaintext.Length, destination.Length);

        if (SimulatedSecrets.Current is { } simulated)
            simulated.Seal(key, nonce, plaintext, associatedData, destination);
        else
            SealNatively(key, nonce, plaintext, associatedData, destination);
    }

    internal static void SealNatively(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> plaintext,
        ReadOnlySpan<byte> associatedData,
        Span<byte> destination)
    {
        var context = LibCrypto.BeginGcm(key, nonce, LibCrypto.Encrypts);
        try
        {
            LibCrypto.Authenticate(context, associatedData);
            LibCrypto.Transform(context, plaintext, destination[..plaintext.Length]);
            LibCrypto.End(context, destination[plaintext.Length..]);
        }
        finally
        {
            LibCrypto.FreeCipherContext(context);
        }
    }

    /// <summary>Decrypts what is authentic.</summary>
    /// <param name="key">32 bytes, locked memory.</param>
    /// <param name="nonce">12 bytes.</param>
    /// <param name="sealedData">Ciphertext ‖ tag.</param>
    /// <param name="associatedData">As it was when sealed.</param>
    /// <param name="destination">Receives the plaintext: exactly 16 bytes shorter; locked memory. All zero after a failure.</param>
    /// <returns>False where the data is too short or not authentic.</returns>
    public static bool TryOpen(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> sealedData,
        ReadOnlySpan<byte> associatedData,
        Span<byte> destination)
    {
        Check(key, nonce);
        if (sealedData.Length < TagSize)
            return false;
        CheckSealed(destination.Length, sealedData.Length);

        return SimulatedSecrets.Current is { } simulated
            ? simulated.TryOpen(key, nonce, sealedData, associatedData, destination)
            : TryOpenNatively(key, nonce, sealedData, associatedData, destination);
    }

    internal static bool TryOpenNatively(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> sealedData,
        ReadOnlySpan<byte> associatedData,
        Span<byte> destination)
    {
        var context = LibCrypto.BeginGcm(key, nonce, LibCrypto.Decrypts);
        var isAuthentic = false;
        try
        {
            LibCrypto.Authenticate(context, associatedData);
            LibCrypto.Transform(context, sealedData[..^TagSize], destination);
            isAuthentic = LibCrypto.TryEnd(context, sealedData[^TagSize..]);
            return isAuthentic;
        }
        finally
        {
            LibCrypto.FreeCipherContext(context);
            if (!isAuthentic)
                CryptographicOperations.ZeroMemory(destination);
        }
    }

    /// <summary>Decrypts what is authentic into a new buffer.</summary>
    /// <param name="key">32 bytes, locked memory.</param>
    /// <param name="nonce">12 bytes.</param>
    /// <param name="sealedData">Ciphertext ‖ tag, at most 8 MiB.</param>
    /// <param name="associatedData">As it was when sealed.</param>
    /// <returns>The plaintext, which the caller owns.</returns>
    /// <exception cref="SealedDataException">Too short, too long (<see cref="SealFailure.Malformed"/>) or not authentic.</exception>
    public static SecretBuffer Open(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> sealedData, ReadOnlySpan<byte> associatedData)
    {
        if (sealedData.Length < TagSize || sealedData.Length - TagSize > SecretMemory.LargestLength)
            throw new SealedDataException(SealFailure.Malformed);

        var plaintext = SecretBuffer.Allocate(sealedData.Length - TagSize);
        var opened = false;
        try
        {
            opened = TryOpen(key, nonce, sealedData, associatedData, plaintext.Span);
            return opened ? plaintext : throw new SealedDataException(SealFailure.NotAuthentic);
        }
        finally
        {
            if (!opened)
                plaintext.Dispose();
        }
    }

    internal static void CheckSealed(int plaintext, int sealedData)
    {
        if (sealedData != plaintext + TagSize)
            throw new ArgumentException("sealed data is 16 bytes longer than its plaintext", nameof(sealedData));
    }

    internal static void Check(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce)
    {
        if (key.Length != KeySize)
            throw new ArgumentException("a key of AES-256 is 32 bytes", nameof(key));
        if (nonce.Length != NonceSize)
            throw new ArgumentException("a nonce of GCM is 12 bytes", nameof(nonce));
    }
}
