namespace Broker.Secrets.Tests;

public sealed class ShamirSpecs
{
    [Theory]
    [InlineData(2, 2)]
    [InlineData(2, 3)]
    [InlineData(2, 5)]
    [InlineData(3, 5)]
    [InlineData(4, 7)]
    [InlineData(5, 8)]
    [InlineData(9, 10)]
    [InlineData(10, 10)]
    public void Every_subset_of_k_shares_should_give_the_secret_and_one_fewer_should_not(int threshold, int count)
    {
        using var secret = SecretBuffer.Allocate(32);
        SystemRandom.Fill(secret.Span);
        var shares = Shamir.Split(secret.Span, threshold, count, SystemRandom.Fill);

        var tried = 0;
        for (var chosen = 0; chosen < 1 << count; chosen++)
        {
            var size = System.Numerics.BitOperations.PopCount((uint)chosen);
            if (size < 2 || size < threshold - 1)
                continue;

            using var combined = Combine(shares, [.. Enumerable.Range(0, count).Where(at => (chosen & (1 << at)) != 0)]);
            Assert.Equal(size >= threshold, combined.FixedTimeEquals(secret.Span));
            tried++;
        }

        Assert.True(tried > 0);
        Wipe(shares);
    }

    [Fact]
    public void Order_of_shares_should_not_matter()
    {
        var shares = Shamir.Split("secret"u8, 3, 5, SystemRandom.Fill);

        using var combined = Combine(shares, [4, 0, 2]);

        Assert.True(combined.FixedTimeEquals("secret"u8));
        Wipe(shares);
    }

    [Fact]
    public void Largest_scheme_should_work()
    {
        var shares = Shamir.Split("secret"u8, 255, 255, SystemRandom.Fill);

        using var combined = Combine(shares, [.. Enumerable.Range(0, 255)]);

        Assert.True(combined.FixedTimeEquals("secret"u8));
        Wipe(shares);
    }

    /// <summary>Over all 256 coefficients, every secret gives every value of a share exactly once: one share of two says nothing.</summary>
    [Fact]
    public void One_share_of_two_should_fit_every_secret_equally()
    {
        byte[] coefficients = [.. Enumerable.Range(0, 256).Select(static value => (byte)value)];
        for (var secret = 0; secret < 256; secret++)
        {
            var shares = Shamir.Split(Repeat(secret, coefficients.Length), 2, 255, coefficients.CopyTo);
            foreach (var share in shares)
            {
                var seen = new bool[256];
                foreach (var value in share.Span)
                    seen[value] = true;
                Assert.DoesNotContain(false, seen);
            }

            Wipe(shares);
        }
    }

    /// <summary>Over all 65,536 polynomials, every secret gives every pair of shares once: two shares of three say nothing.</summary>
    [Fact]
    public void Two_shares_of_three_should_fit_every_secret_equally()
    {
        const int Polynomials = 1 << 16;
        byte[] coefficients =
        [
            .. Enumerable.Range(0, Polynomials).Select(static value => (byte)(value >> 8)),
            .. Enumerable.Range(0, Polynomials).Select(static value => (byte)(value & 0xff)),
        ];
        for (var secret = 0; secret < 256; secret++)
        {
            var shares = Shamir.Split(Repeat(secret, Polynomials), 3, 3, coefficients.CopyTo);
            foreach (var (one, two) in new[] { (0, 1), (0, 2), (1, 2) })
            {
                var seen = new bool[Polynomials];
                for (var at = 0; at < Polynomials; at++)
                    seen[(shares[one].Span[at] << 8) | shares[two].Span[at]] = true;
                Assert.DoesNotContain(false, seen);
            }

            Wipe(shares);
        }
    }

    [Fact]
    public void Shares_should_be_those_worked_out_by_hand()
    {
        // f(x) = 0x2a + 0x53·x: f(1) = 0x79, and 0x53·0xca = 1 in this field, so f(0xca) = 0x2b.
        Assert.Equal(0x79, Share(0x2a, 1, 0x53));
        Assert.Equal(0x2b, Share(0x2a, 0xca, 0x53));
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(1, 3)]
    [InlineData(4, 3)]
    [InlineData(2, 256)]
    public void Schemes_out_of_range_should_be_refused(int threshold, int count) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Shamir.Split("secret"u8, threshold, count, SystemRandom.Fill));

    [Fact]
    public void Wrong_sets_of_shares_should_be_refused()
    {
        var shares = Shamir.Split("secret"u8, 2, 2, SystemRandom.Fill);
        using var shorter = SecretBuffer.Allocate(5);

        Assert.Throws<ArgumentException>(() => Shamir.Combine([0, 1], shares));
        Assert.Throws<ArgumentException>(() => Shamir.Combine([2, 2], shares));
        Assert.Throws<ArgumentException>(() => Shamir.Combine([1], shares));
        Assert.Throws<ArgumentException>(() => Shamir.Combine([1], [shares[0]]));
        Assert.Throws<ArgumentException>(() => Shamir.Combine([1, 2], [shares[0], shorter]));
        Wipe(shares);
    }

    [Fact]
    public void Failed_split_should_keep_no_share()
    {
        var before = SecretMemory.Default.LiveBuffers;
        using (var large = SecretBuffer.Allocate(1 << 20))
            Assert.Throws<SecretMemoryExhaustedException>(() => Shamir.Split(large.Span, 2, 5, SystemRandom.Fill));

        Assert.Equal(before, SecretMemory.Default.LiveBuffers);
    }

    private static byte Share(byte secret, int index, params byte[] coefficients)
    {
        var shares = Shamir.Split([secret], coefficients.Length + 1, Math.Max(index, coefficients.Length + 1), coefficients.CopyTo);
        var share = shares[index - 1].Span[0];
        Wipe(shares);
        return share;
    }

    private static byte[] Repeat(int value, int times) => [.. Enumerable.Repeat((byte)value, times)];

    private static SecretBuffer Combine(SecretBuffer[] shares, int[] positions) =>
        Shamir.Combine([.. positions.Select(static at => (byte)(at + 1))], [.. positions.Select(at => shares[at])]);

    private static void Wipe(SecretBuffer[] shares) => Array.ForEach(shares, static share => share.Dispose());
}
