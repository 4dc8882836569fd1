using System.Security.Cryptography;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;

namespace Broker.Secrets;

/// <summary>
/// Encrypts rows of the epoch before anew, one after the other, as <see cref="RowCipher.TryReseal"/> does each for itself: what they
/// have in common, the secrets hashed for their row keys, is made once. For the time of one batch; what it works in is locked, and
/// wiped with it.
/// </summary>
public sealed class RowResealer : IDisposable
{
    private const int KeyLength = 32;

    // The kernel is asked for many salts in one call.
    private const int SaltsAtOnce = 64;

    // Rows that are longer get memory of their own.
    private const int ShortPlaintext = 1024;

    private readonly CustomerSecret _secret;
    private readonly RandomFill _random;
    private readonly SecretBuffer _memory;
    private readonly GcmSeries _cipher;
    private readonly byte[] _salts = new byte[SaltsAtOnce * StoredRow.SaltLength];
    private int _saltsLeft;
    private byte[] _ciphertext = new byte[ShortPlaintext + AesGcm256.TagSize];

    /// <summary>Begins.</summary>
    /// <param name="secret">The customer's secret, with its predecessor; it stays the caller's, who keeps it as long as this.</param>
    /// <param name="random">The system's randomness.</param>
    /// <exception cref="SecretMemoryExhaustedException">There is no locked memory left.</exception>
    /// <exception cref="ArgumentException">The secret has no predecessor.</exception>
    public RowResealer(CustomerSecret secret, RandomFill random)
    {
        var old = secret.Predecessor ?? throw new ArgumentException("there is no epoch before", nameof(secret));
        (_secret, _random) = (secret, random);
        _memory = SecretBuffer.Allocate((2 * HmacKey.Size) + CustomerSecret.RowKeyBlocks + (2 * KeyLength) + ShortPlaintext);
        try
        {
            old.BeginRowKeys(Old);
            secret.BeginRowKeys(New);
            _cipher = new GcmSeries();
        }
        catch
        {
            _memory.Dispose();
            throw;
        }
    }

    private Span<byte> Old => _memory.Span[..HmacKey.Size];

    private Span<byte> New => _memory.Span[HmacKey.Size..(2 * HmacKey.Size)];

    private Span<byte> Blocks => _memory.Span.Slice(2 * HmacKey.Size, CustomerSecret.RowKeyBlocks);

    private Span<byte> Keys => _memory.Span.Slice((2 * HmacKey.Size) + CustomerSecret.RowKeyBlocks, 2 * KeyLength);

    private Span<byte> Plaintext => _memory.Span[^ShortPlaintext..];

    /// <summary>Encrypts a row under the secret's own epoch, with a fresh salt.</summary>
    /// <param name="key">Where the row stands; the caller has verified that it stands there under the head.</param>
    /// <param name="encoding">The row, of the epoch before.</param>
    /// <param name="next">The encoding of the same credential and version; null on failure.</param>
    /// <exception cref="SecretMemoryExhaustedException">There is no locked memory left for a long row.</exception>
    /// <exception cref="MalformedException">It is no row.</exception>
    public RowFailure TryReseal(EntryKey key, ReadOnlySpan<byte> encoding, out byte[]? next)
    {
        next = null;
        var row = RowView.Read(encoding);
        var old = _secret.Predecessor!;
        if (!row.StandsAt(key) || row.Epoch != old.Epoch || !row.IsOf(old.Cluster, old.Customer) ||
            row.Ciphertext.Length != row.Length + AesGcm256.TagSize)
        {
            return RowFailure.WrongPlace;
        }

        old.RowKey(row.Salt, Keys, Old, Blocks);
        if (!CryptographicOperations.FixedTimeEquals(Keys[KeyLength..], row.Commitment))
        {
            return RowFailure.WrongKey;
        }

        using var own = row.Length > ShortPlaintext ? SecretBuffer.Allocate((int)row.Length) : null;
        var plaintext = own is null ? Plaintext[..(int)row.Length] : own.Span;
        try
        {
            if (!_cipher.TryOpen(Keys[..KeyLength], AesGcm256.ZeroNonce, row.Ciphertext, row.Header, plaintext))
            {
                return RowFailure.Altered;
            }

            next = Seal(row, plaintext);
            return RowFailure.None;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(plaintext);
        }
    }

    /// <summary>Wipes what it worked in.</summary>
    public void Dispose()
    {
        _cipher.Dispose();
        _memory.Dispose();
    }

    private ReadOnlySpan<byte> NextSalt()
    {
        if (_saltsLeft == 0)
        {
            _random(_salts);
            _saltsLeft = SaltsAtOnce;
        }

        return _salts.AsSpan(--_saltsLeft * StoredRow.SaltLength, StoredRow.SaltLength);
    }

    private byte[] Seal(RowView row, ReadOnlySpan<byte> plaintext)
    {
        var salt = NextSalt();
        _secret.RowKey(salt, Keys, New, Blocks);
        var header = row.HeaderUnder(_secret.Epoch);
        if (_ciphertext.Length < row.Ciphertext.Length)
        {
            _ciphertext = new byte[row.Ciphertext.Length];
        }

        var ciphertext = _ciphertext.AsSpan(0, row.Ciphertext.Length);
        _cipher.Seal(Keys[..KeyLength], AesGcm256.ZeroNonce, plaintext, header, ciphertext);
        return RowView.Encode(header, salt, Keys[KeyLength..], ciphertext);
    }
}
