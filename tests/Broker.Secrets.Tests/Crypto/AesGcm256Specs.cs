namespace Broker.Secrets.Tests;

public sealed class AesGcm256Specs
{
    [SkippableFact]
    public void Cipher_should_agree_with_the_published_vectors()
    {
        var tried = 0;
        foreach (var group in Vectors.Read("wycheproof/aes_gcm_test.json").GetProperty("testGroups").EnumerateArray())
        {
            if (group.GetProperty("keySize").GetInt32() != 256 || group.GetProperty("ivSize").GetInt32() != 96)
                continue;

            foreach (var vector in group.GetProperty("tests").EnumerateArray())
            {
                tried++;
                byte[] key = vector.Hex("key"), nonce = vector.Hex("iv"), plaintext = vector.Hex("msg"), data = vector.Hex("aad");
                byte[] wire = [.. vector.Hex("ct"), .. vector.Hex("tag")];
                var opened = new byte[plaintext.Length];
                var valid = vector.GetProperty("result").GetString() == "valid";

                Assert.Equal(valid, AesGcm256.TryOpen(key, nonce, wire, data, opened));
                Assert.Equal(valid ? plaintext : new byte[plaintext.Length], opened);
                if (!valid)
                    continue;

                var made = new byte[wire.Length];
                AesGcm256.Seal(key, nonce, plaintext, data, made);
                Assert.Equal(wire, made);
            }
        }

        Assert.True(tried > 50, $"only {tried} vectors were found for this cipher");
    }

    [Fact]
    public void Every_altered_bit_should_be_refused_and_leave_zeros()
    {
        var key = new byte[32];
        var wire = new byte[20 + AesGcm256.TagSize];
        AesGcm256.Seal(key, AesGcm256.ZeroNonce, new byte[20], "data"u8, wire);

        for (var bit = 0; bit < wire.Length * 8; bit++)
        {
            var opened = new byte[20];
            opened.AsSpan().Fill(0xff);
            wire[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(AesGcm256.TryOpen(key, AesGcm256.ZeroNonce, wire, "data"u8, opened));
            Assert.Equal(new byte[20], opened);
            wire[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.False(AesGcm256.TryOpen(key, AesGcm256.ZeroNonce, wire, "other"u8, new byte[20]));
        Assert.True(AesGcm256.TryOpen(key, AesGcm256.ZeroNonce, wire, "data"u8, new byte[20]));
    }

    [Fact]
    public void Failure_should_say_why_and_keep_no_buffer()
    {
        var before = SecretMemory.Default.LiveBuffers;

        Assert.Equal(SealFailure.Malformed, Refusal(new byte[AesGcm256.TagSize - 1]));
        Assert.Equal(SealFailure.NotAuthentic, Refusal(new byte[AesGcm256.TagSize]));
        Assert.Equal(SealFailure.NotAuthentic, Refusal(new byte[100]));
        Assert.False(AesGcm256.TryOpen(new byte[32], AesGcm256.ZeroNonce, new byte[15], default, default));

        Assert.Equal(before, SecretMemory.Default.LiveBuffers);

        static SealFailure Refusal(byte[] wire) =>
            Assert.Throws<SealedDataException>(() => AesGcm256.Open(new byte[32], AesGcm256.ZeroNonce, wire, default)).Failure;
    }

    [Theory]
    [InlineData(16)]
    [InlineData(24)]
    [InlineData(31)]
    [InlineData(33)]
    public void Keys_of_other_sizes_should_be_refused(int size)
    {
        Assert.Throws<ArgumentException>(() => AesGcm256.Seal(new byte[size], AesGcm256.ZeroNonce, default, default, new byte[16]));
        Assert.Throws<ArgumentException>(() => AesGcm256.Open(new byte[size], AesGcm256.ZeroNonce, new byte[16], default));
    }
}
