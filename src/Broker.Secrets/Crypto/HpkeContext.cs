using System.Buffers.Binary;

namespace Broker.Secrets;

/// <summary>
/// One end of an HPKE context: messages from the sender to the receiver in order, and secrets exported from it. Not thread-safe.
/// </summary>
public sealed class HpkeContext : IDisposable
{
    private static readonly byte[] EmptyPskIdHash = HashOf("psk_id_hash"u8, default);

    // key ‖ base nonce ‖ exporter secret
    private readonly SecretBuffer _secrets;
    private readonly bool _isSender;
    private ulong _sequence;

    private HpkeContext(SecretBuffer secrets, bool isSender)
    {
        _secrets = secrets;
        _isSender = isSender;
    }

    private Span<byte> Key => _secrets.Span[..AesGcm256.KeySize];

    private Span<byte> BaseNonce => _secrets.Span.Slice(AesGcm256.KeySize, AesGcm256.NonceSize);

    private Span<byte> Exporter => _secrets.Span[(AesGcm256.KeySize + AesGcm256.NonceSize)..];

    /// <summary>Seals the next message.</summary>
    /// <param name="associatedData">What to authenticate besides.</param>
    /// <param name="plaintext">What to seal, locked memory.</param>
    /// <param name="destination">Receives ciphertext ‖ tag: exactly 16 bytes longer than the plaintext.</param>
    /// <exception cref="InvalidOperationException">This is the receiver's end.</exception>
    public void Seal(ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> destination)
    {
        if (!_isSender)
            throw new InvalidOperationException("only the sender's end of an HPKE context seals");

        Span<byte> nonce = stackalloc byte[AesGcm256.NonceSize];
        WriteNonce(nonce);
        AesGcm256.Seal(Key, nonce, plaintext, associatedData, destination);
        _sequence++;
    }

    /// <summary>Opens the next message. After a failure the same message is still the next one.</summary>
    /// <param name="associatedData">As the sender gave it.</param>
    /// <param name="sealedData">Ciphertext ‖ tag.</param>
    /// <returns>The plaintext, which the caller owns.</returns>
    /// <exception cref="InvalidOperationException">This is the sender's end.</exception>
    /// <exception cref="SealedDataException">The data is too short, out of order or not authentic.</exception>
    public SecretBuffer Open(ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> sealedData)
    {
        if (_isSender)
            throw new InvalidOperationException("only the receiver's end of an HPKE context opens");

        Span<byte> nonce = stackalloc byte[AesGcm256.NonceSize];
        WriteNonce(nonce);
        var plaintext = AesGcm256.Open(Key, nonce, sealedData, associatedData);
        _sequence++;
        return plaintext;
    }

    /// <summary>A secret that both ends can derive and nobody else (RFC 9180 section 5.3).</summary>
    /// <param name="exporterContext">What the secret is for.</param>
    /// <param name="length">Bytes, 0 … 8160.</param>
    /// <returns>The secret, which the caller owns.</returns>
    public SecretBuffer Export(ReadOnlySpan<byte> exporterContext, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Hkdf.LargestOutput);
        var exporter = Exporter;
        var exported = SecretBuffer.Allocate(length);
        try
        {
            LabeledHkdf.Expand(LabeledHkdf.HpkeSuite, exporter, "sec"u8, exporterContext, exported.Span);
            return exported;
        }
        catch
        {
            exported.Dispose();
            throw;
        }
    }

    /// <summary>Wipes the context's keys.</summary>
    public void Dispose() => _secrets.Dispose();

    /// <summary>KeySchedule of RFC 9180 section 5.1, mode base.</summary>
    internal static HpkeContext Schedule(ReadOnlySpan<byte> shared, ReadOnlySpan<byte> info, bool isSender)
    {
        Span<byte> scheduleContext = stackalloc byte[1 + 2 * Hkdf.HashSize];
        scheduleContext[0] = 0;
        EmptyPskIdHash.CopyTo(scheduleContext[1..]);
        LabeledHkdf.Extract(LabeledHkdf.HpkeSuite, default, "info_hash"u8, info, scheduleContext[(1 + Hkdf.HashSize)..]);

        using var secret = SecretBuffer.Allocate(Hkdf.HashSize);
        LabeledHkdf.Extract(LabeledHkdf.HpkeSuite, shared, "secret"u8, default, secret.Span);
        var context = new HpkeContext(SecretBuffer.Allocate(AesGcm256.KeySize + AesGcm256.NonceSize + Hkdf.HashSize), isSender);
        try
        {
            LabeledHkdf.Expand(LabeledHkdf.HpkeSuite, secret.Span, "key"u8, scheduleContext, context.Key);
            LabeledHkdf.Expand(LabeledHkdf.HpkeSuite, secret.Span, "base_nonce"u8, scheduleContext, context.BaseNonce);
            LabeledHkdf.Expand(LabeledHkdf.HpkeSuite, secret.Span, "exp"u8, scheduleContext, context.Exporter);
            return context;
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }

    private static byte[] HashOf(ReadOnlySpan<byte> label, ReadOnlySpan<byte> value)
    {
        var hash = new byte[Hkdf.HashSize];
        LabeledHkdf.Extract(LabeledHkdf.HpkeSuite, default, label, value, hash);
        return hash;
    }

    private void WriteNonce(Span<byte> nonce)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[^sizeof(ulong)..], _sequence);
        for (var i = 0; i < nonce.Length; i++)
            nonce[i] ^= BaseNonce[i];
    }
}
