using System.Security.Cryptography;

namespace Broker.Secrets;

/// <summary>
/// AES-256-GCM over many messages, each with its own key, in one context of the library: to make one costs more than to seal a short
/// message. The schedule of a key lies there until the next message or the end, so a series is a loop, and nothing that is kept.
/// </summary>
internal sealed class GcmSeries : IDisposable
{
    private nint _context = LibCrypto.NewGcm();
    private bool _hasCipher;

    /// <summary>As <see cref="AesGcm256.Seal"/>.</summary>
    public void Seal(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, ReadOnlySpan<byte> associatedData,
        Span<byte> destination)
    {
        if (SimulatedSecrets.Current is not null)
        {
            AesGcm256.Seal(key, nonce, plaintext, associatedData, destination);
            return;
        }

        AesGcm256.Check(key, nonce);
        AesGcm256.CheckSealed(plaintext.Length, destination.Length);
        Begin(key, nonce, LibCrypto.Encrypts);
        LibCrypto.Authenticate(_context, associatedData);
        LibCrypto.Transform(_context, plaintext, destination[..plaintext.Length]);
        LibCrypto.End(_context, destination[plaintext.Length..]);
    }

    /// <summary>As <see cref="AesGcm256.TryOpen"/>.</summary>
    public bool TryOpen(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> sealedData, ReadOnlySpan<byte> associatedData,
        Span<byte> destination)
    {
        if (SimulatedSecrets.Current is not null)
            return AesGcm256.TryOpen(key, nonce, sealedData, associatedData, destination);

        AesGcm256.Check(key, nonce);
        if (sealedData.Length < AesGcm256.TagSize)
            return false;

        AesGcm256.CheckSealed(destination.Length, sealedData.Length);
        var isAuthentic = false;
        try
        {
            Begin(key, nonce, LibCrypto.Decrypts);
            LibCrypto.Authenticate(_context, associatedData);
            LibCrypto.Transform(_context, sealedData[..^AesGcm256.TagSize], destination);
            isAuthentic = LibCrypto.TryEnd(_context, sealedData[^AesGcm256.TagSize..]);
            return isAuthentic;
        }
        finally
        {
            if (!isAuthentic)
                CryptographicOperations.ZeroMemory(destination);
        }
    }

    /// <summary>Clears the schedule of the last key.</summary>
    public void Dispose()
    {
        LibCrypto.FreeCipherContext(_context);
        _context = 0;
    }

    private void Begin(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, int direction)
    {
        ObjectDisposedException.ThrowIf(_context == 0, this);
        if (_hasCipher)
        {
            LibCrypto.BeginAgain(_context, key, nonce, direction);
            return;
        }

        LibCrypto.BeginGcm(_context, key, nonce, direction);
        _hasCipher = true;
    }
}
