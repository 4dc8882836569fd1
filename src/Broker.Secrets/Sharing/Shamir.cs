namespace Broker.Secrets;

/// <summary>
/// Shamir's secret sharing over <see cref="Gf256"/>, byte by byte: any k of n shares give the secret, fewer say nothing about it but its
/// length. Shares carry no check: that they belong together is for the record that each travels in to prove.
/// </summary>
public static class Shamir
{
    /// <summary>The fewest shares that may be needed: with one, every share would be the secret.</summary>
    public const int LeastThreshold = 2;

    /// <summary>The most shares: one for each field element but zero.</summary>
    public const int MostShares = 255;

    /// <summary>Splits a secret.</summary>
    /// <param name="secret">What to split, locked memory; stays the caller's to wipe.</param>
    /// <param name="threshold">k: how many shares it takes, 2 … <paramref name="count"/>.</param>
    /// <param name="count">n: how many shares to make, at most 255.</param>
    /// <param name="random">Where the polynomials' coefficients come from.</param>
    /// <returns>n buffers that the caller owns; the one at position i has index i + 1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Threshold or count is out of range.</exception>
    public static SecretBuffer[] Split(ReadOnlySpan<byte> secret, int threshold, int count, RandomFill random)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfLessThan(threshold, LeastThreshold);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MostShares);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threshold, count);

        using var coefficients = SecretBuffer.Allocate(checked((threshold - 1) * secret.Length));
        random(coefficients.Span);
        var shares = new SecretBuffer[count];
        var made = 0;
        try
        {
            for (; made < count; made++)
            {
                shares[made] = SecretBuffer.Allocate(secret.Length);
                Evaluate(secret, coefficients.Span, (byte)(made + 1), shares[made].Span);
            }

            return shares;
        }
        finally
        {
            if (made < count)
                Array.ForEach(shares, static share => share?.Dispose());
        }
    }

    /// <summary>Rebuilds a secret from as many shares as its threshold; more do no harm, fewer or foreign ones give other bytes.</summary>
    /// <param name="indexes">The index of each share, 1 … 255, all different.</param>
    /// <param name="shares">The shares in the same order, of one length; stay the caller's to wipe.</param>
    /// <returns>The secret, which the caller owns.</returns>
    /// <exception cref="ArgumentException">Fewer than two shares, a zero or repeated index, or lengths that differ.</exception>
    public static SecretBuffer Combine(ReadOnlySpan<byte> indexes, IReadOnlyList<SecretBuffer> shares)
    {
        ArgumentNullException.ThrowIfNull(shares);
        CheckShares(indexes, shares);
        var secret = SecretBuffer.Allocate(shares[0].Length);
        var done = false;
        try
        {
            var sum = secret.Span;
            for (var i = 0; i < indexes.Length; i++)
            {
                var weight = WeightAtZero(indexes, i);
                var share = shares[i].Span;
                for (var at = 0; at < sum.Length; at++)
                    sum[at] ^= Gf256.Multiply(weight, share[at]);
            }

            done = true;
            return secret;
        }
        finally
        {
            if (!done)
                secret.Dispose();
        }
    }

    /// <summary>Horner's rule for each byte's polynomial; <paramref name="coefficients"/> holds those of x¹, then x², and so on.</summary>
    private static void Evaluate(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> coefficients, byte x, Span<byte> share)
    {
        for (var end = coefficients.Length; end > 0; end -= secret.Length)
        {
            var power = coefficients[(end - secret.Length)..end];
            for (var at = 0; at < share.Length; at++)
                share[at] = Gf256.Multiply((byte)(share[at] ^ power[at]), x);
        }

        for (var at = 0; at < share.Length; at++)
            share[at] ^= secret[at];
    }

    /// <summary>Lagrange's weight of one point for the value at zero; indexes are public.</summary>
    private static byte WeightAtZero(ReadOnlySpan<byte> indexes, int own)
    {
        byte numerator = 1, denominator = 1;
        for (var i = 0; i < indexes.Length; i++)
        {
            if (i == own)
                continue;

            numerator = Gf256.Multiply(numerator, indexes[i]);
            denominator = Gf256.Multiply(denominator, (byte)(indexes[i] ^ indexes[own]));
        }

        return Gf256.Multiply(numerator, Gf256.Invert(denominator));
    }

    private static void CheckShares(ReadOnlySpan<byte> indexes, IReadOnlyList<SecretBuffer> shares)
    {
        if (indexes.Length != shares.Count)
            throw new ArgumentException("each share needs its index", nameof(indexes));
        if (indexes.Length < LeastThreshold)
            throw new ArgumentException("at least two shares are needed", nameof(shares));

        for (var i = 0; i < indexes.Length; i++)
        {
            if (indexes[i] == 0)
                throw new ArgumentException("a share's index is 1 to 255", nameof(indexes));
            if (indexes[..i].Contains(indexes[i]))
                throw new ArgumentException($"the share with index {indexes[i]} was given twice", nameof(indexes));
            if (shares[i].Length != shares[0].Length)
                throw new ArgumentException("shares of one secret have one length", nameof(shares));
        }
    }
}
