using System.Security.Cryptography;

namespace Broker.Secrets;

/// <summary>HKDF with SHA-256 (RFC 5869) on spans; what it holds meanwhile lies in locked memory.</summary>
public static class Hkdf
{
    /// <summary>Bytes of a hash, and so of a pseudorandom key.</summary>
    public const int HashSize = 32;

    /// <summary>The most bytes that one <see cref="Expand(ReadOnlySpan{byte}, ReadOnlySpan{byte}, Span{byte})"/> gives.</summary>
    public const int LargestOutput = 255 * HashSize;

    /// <summary>HKDF-Extract, RFC 5869 section 2.2.</summary>
    /// <param name="salt">Any length; empty stands for 32 zero bytes.</param>
    /// <param name="keyMaterial">Input key material; secret, so locked memory.</param>
    /// <param name="pseudorandomKey">Receives 32 bytes; secret, so locked memory.</param>
    public static void Extract(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> keyMaterial, Span<byte> pseudorandomKey)
    {
        if (pseudorandomKey.Length != HashSize)
            throw new ArgumentException("a pseudorandom key is 32 bytes", nameof(pseudorandomKey));

        if (SimulatedSecrets.Current?.Extracts(salt, keyMaterial, pseudorandomKey) == true)
            return;

        HMACSHA256.HashData(salt, keyMaterial, pseudorandomKey);
    }

    /// <summary>HKDF-Expand, RFC 5869 section 2.3.</summary>
    /// <param name="pseudorandomKey">At least 32 bytes, uniformly random; secret, so locked memory.</param>
    /// <param name="info">What the output is for; any length.</param>
    /// <param name="output">Receives up to <see cref="LargestOutput"/> bytes; secret, so locked memory.</param>
    /// <exception cref="ArgumentException">The key is too short or the output too long.</exception>
    public static void Expand(ReadOnlySpan<byte> pseudorandomKey, ReadOnlySpan<byte> info, Span<byte> output)
    {
        using var scratch = SecretBuffer.Allocate(ScratchSize(info.Length));
        Expand(pseudorandomKey, info, output, scratch.Span);
    }

    /// <summary>Bytes that an expansion with so long an info works in.</summary>
    internal static int ScratchSize(int infoLength) => HmacKey.Size + BlocksSize(infoLength);

    /// <summary>As the other, for several expansions in memory that the caller has and wipes.</summary>
    /// <param name="pseudorandomKey">As there.</param>
    /// <param name="info">As there.</param>
    /// <param name="output">As there.</param>
    /// <param name="memory">Locked, at least <see cref="ScratchSize"/> bytes; what it holds is overwritten.</param>
    internal static void Expand(ReadOnlySpan<byte> pseudorandomKey, ReadOnlySpan<byte> info, Span<byte> output, Span<byte> memory)
    {
        if (pseudorandomKey.Length < HashSize)
            throw new ArgumentException("a pseudorandom key is at least 32 bytes", nameof(pseudorandomKey));
        if (output.Length > LargestOutput)
            throw new ArgumentException("HKDF with SHA-256 gives at most 8160 bytes", nameof(output));

        if (SimulatedSecrets.Current?.Expands(pseudorandomKey, info, output) == true)
            return;

        // The key's own memory, then that of the blocks.
        var scratch = memory[..ScratchSize(info.Length)];
        scratch.Clear();
        Expand(new HmacKey(pseudorandomKey, scratch[..HmacKey.Size]), info, output, scratch[HmacKey.Size..]);
    }

    /// <summary>Bytes that an expansion by a key that is there works in.</summary>
    internal static int BlocksSize(int infoLength) => HashSize + infoLength + 1 + HashSize;

    /// <summary>As the others, for many expansions by one key.</summary>
    /// <param name="key">The pseudorandom key.</param>
    /// <param name="info">As there.</param>
    /// <param name="output">As there.</param>
    /// <param name="blocks">Locked, <see cref="BlocksSize"/> bytes; what it holds is overwritten.</param>
    internal static void Expand(HmacKey key, ReadOnlySpan<byte> info, Span<byte> output, Span<byte> blocks)
    {
        // Previous block ‖ info ‖ counter, then the block that comes of it.
        var block = blocks[^HashSize..];
        var input = blocks[..^HashSize];
        info.CopyTo(input[HashSize..]);
        for (var counter = 1; !output.IsEmpty; counter++)
        {
            input[^1] = (byte)counter;
            key.Hash(counter == 1 ? input[HashSize..] : input, block);
            var taken = Math.Min(HashSize, output.Length);
            block[..taken].CopyTo(output);
            block.CopyTo(input);
            output = output[taken..];
        }
    }
}
