using System.Security.Cryptography;

namespace Broker.Secrets.Tests;

public sealed class HmacKeySpecs
{
    // Around the block of 64 bytes, where a key begins to be hashed and padding to need a block more, and around the longest piece.
    [Fact]
    public void Hmac_should_agree_with_the_runtime_for_every_length_of_key_and_message()
    {
        var bytes = new byte[9000];
        SystemRandom.Fill(bytes);
        foreach (var keyLength in (int[])[0, 1, 31, 32, 63, 64, 65, 200])
        {
            using var memory = SecretBuffer.Allocate(HmacKey.Size);
            var key = new HmacKey(bytes.AsSpan(0, keyLength), memory.Span);
            foreach (var length in (int[])[0, 1, 55, 56, 64, 119, 4095, 4096, 4097, 8192, 9000])
            {
                var mac = new byte[32];
                key.Hash(bytes.AsSpan(0, length), mac);
                Assert.Equal(HMACSHA256.HashData(bytes.AsSpan(0, keyLength), bytes.AsSpan(0, length)), mac);
            }
        }
    }

    [Fact]
    public void Hmac_may_be_written_over_its_message()
    {
        using var memory = SecretBuffer.Allocate(HmacKey.Size);
        var message = new byte[32];
        SystemRandom.Fill(message);
        var expected = HMACSHA256.HashData(new byte[] { 1, 2, 3 }, message);

        new HmacKey([1, 2, 3], memory.Span).Hash(message, message);

        Assert.Equal(expected, message);
    }
}
