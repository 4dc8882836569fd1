using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using Broker.MemoryScanner.Windows;

namespace Broker.MemoryScanner.Tests.Windows;

/// <summary>
/// Against what the library says of the same keys: a scanner that computes wrongly would find nothing, and all would be well.
/// </summary>
public sealed class RowAttackSpecs
{
    private int _made;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(23)]
    [InlineData(54)]
    [InlineData(55)]
    [InlineData(56)]
    [InlineData(120)]
    public void Secret_should_be_found_at_every_offset_whatever_the_info_is_long(int infoLength)
    {
        byte[] secret = Bytes(32), info = Bytes(infoLength);
        var attack = new RowAttack(info, Expanded(secret, info), new byte[16], []);
        // More than one batch of windows, the last one not full.
        var memory = Bytes(150);
        for (var at = 0; at <= memory.Length - 32; at++)
        {
            var changed = memory.ToArray();
            secret.CopyTo(changed, at);
            Assert.Equal((119L, at), One(attack, changed, 1));
        }

        Assert.Empty(Hits(attack, memory, 1));
    }

    [Fact]
    public void Key_of_any_row_should_be_found_at_every_offset()
    {
        var counter = new byte[16];
        counter[^1] = 2;
        byte[][] keys = [Bytes(32), Bytes(32), Bytes(32)];
        var attack = new RowAttack(Bytes(56), Bytes(32), counter, keys.Select(k => Encrypted(k, counter)));
        var memory = Bytes(150);
        for (var at = 0; at <= memory.Length - 32; at++)
        {
            var changed = memory.ToArray();
            keys[at % keys.Length].CopyTo(changed, at);
            Assert.Equal((119L, at), One(attack, changed, 1));
        }

        Assert.Empty(Hits(attack, memory, 1));
    }

    [Fact]
    public void Bit_of_a_key_that_is_another_should_open_nothing()
    {
        byte[] secret = Bytes(32), key = Bytes(32), info = Bytes(56), counter = Bytes(16);
        var attack = new RowAttack(info, Expanded(secret, info), counter, [Encrypted(key, counter)]);
        foreach (var whole in new[] { secret, key })
        {
            Assert.Equal([0], Hits(attack, whole, 1));
            for (var bit = 0; bit < 256; bit++)
            {
                var other = whole.ToArray();
                other[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.Empty(Hits(attack, other, 1));
            }
        }
    }

    [Fact]
    public void Stride_should_try_the_offsets_that_it_names_and_no_other()
    {
        byte[] secret = Bytes(32), info = Bytes(56);
        var attack = new RowAttack(info, Expanded(secret, info), new byte[16], []);
        var memory = Bytes(400);
        secret.CopyTo(memory, 104);
        Assert.Equal([104], Hits(attack, memory, 8));
        Assert.Equal([104], Hits(attack, memory, 13));
        Assert.Empty(Hits(attack, memory, 16));
    }

    [Fact]
    public void Key_of_zeros_should_be_tried_once_and_what_has_one_bit_each_time()
    {
        var info = Bytes(56);
        var hits = new List<int>();
        Assert.Equal(1, new RowAttack(info, Expanded(new byte[32], info), new byte[16], []).Try(new byte[4096], 1, hits));
        Assert.Equal([0], hits);

        // A key need not look random to be found.
        var plain = new byte[32];
        plain[31] = 1;
        var memory = new byte[4096];
        plain.CopyTo(memory, 2001);
        hits.Clear();
        Assert.Equal(1 + 32, new RowAttack(info, Expanded(plain, info), new byte[16], []).Try(memory, 1, hits));
        Assert.Equal([2001], hits);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    public void Memory_that_is_shorter_than_a_key_should_hold_none(int length) =>
        Assert.Equal(0, new RowAttack([], Bytes(32), Bytes(16), []).Try(new byte[length], 1, []));

    [Fact]
    public unsafe void Both_ways_to_encrypt_a_block_should_be_that_of_the_standard()
    {
        // FIPS 197, C.3.
        var key = Convert.FromHexString("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
        var block = Vector128.Create<byte>(Convert.FromHexString("00112233445566778899aabbccddeeff"));
        var expected = Vector128.Create<byte>(Convert.FromHexString("8ea2b7ca516745bfeafc49904b496089"));
        fixed (byte* start = key)
        {
            Assert.Equal(expected, AesBlock.ByLibrary(start, block));
            if (System.Runtime.Intrinsics.X86.Aes.IsSupported)
                Assert.Equal(expected, AesBlock.ByProcessor(start, block));
        }
    }

    private static (long Tried, int At) One(RowAttack attack, byte[] memory, int stride)
    {
        var hits = new List<int>();
        var tried = attack.Try(memory, stride, hits);
        return (tried, Assert.Single(hits));
    }

    private static List<int> Hits(RowAttack attack, byte[] memory, int stride)
    {
        var hits = new List<int>();
        attack.Try(memory, stride, hits);
        return hits;
    }

    /// <summary>RFC 5869, 2.3: the second block.</summary>
    internal static byte[] Expanded(byte[] secret, byte[] info) =>
        HMACSHA256.HashData(secret, (byte[])[.. HMACSHA256.HashData(secret, (byte[])[.. info, 1]), .. info, 2]);

    private static byte[] Encrypted(byte[] key, byte[] block)
    {
        using var aes = Aes.Create();
        aes.Key = key;
        return aes.EncryptEcb(block, PaddingMode.None);
    }

    private byte[] Bytes(int length)
    {
        var bytes = new List<byte>();
        while (bytes.Count < length)
            bytes.AddRange(SHA256.HashData(BitConverter.GetBytes(_made++)));
        return [.. bytes.Take(length)];
    }
}
