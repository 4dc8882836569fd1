namespace Broker.Secrets.Tests;

public sealed class HkdfSpecs
{
    [SkippableFact]
    public void Derivation_should_agree_with_the_published_vectors()
    {
        var tried = 0;
        foreach (var group in Vectors.Read("wycheproof/hkdf_sha256_test.json").GetProperty("testGroups").EnumerateArray())
        {
            foreach (var vector in group.GetProperty("tests").EnumerateArray())
            {
                tried++;
                var prk = new byte[Hkdf.HashSize];
                Hkdf.Extract(vector.Hex("salt"), vector.Hex("ikm"), prk);
                var output = new byte[vector.GetProperty("size").GetInt32()];

                if (vector.GetProperty("result").GetString() == "valid")
                {
                    Hkdf.Expand(prk, vector.Hex("info"), output);
                    Assert.Equal(vector.Hex("okm"), output);
                }
                else
                {
                    Assert.Throws<ArgumentException>(() => Hkdf.Expand(prk, vector.Hex("info"), output));
                }
            }
        }

        Assert.True(tried > 50, $"only {tried} vectors were found");
    }

    [Fact]
    public void Derivation_should_agree_with_the_first_case_of_RFC_5869()
    {
        var prk = new byte[Hkdf.HashSize];
        var output = new byte[42];
        var keyMaterial = new byte[22];
        Array.Fill(keyMaterial, (byte)0x0b);

        Hkdf.Extract(Convert.FromHexString("000102030405060708090a0b0c"), keyMaterial, prk);
        Hkdf.Expand(prk, Convert.FromHexString("f0f1f2f3f4f5f6f7f8f9"), output);

        Assert.Equal("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5", Convert.ToHexStringLower(prk));
        Assert.Equal(
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865", Convert.ToHexStringLower(output));
    }

    [Fact]
    public void Derivation_should_refuse_short_keys_and_return_its_scratch()
    {
        var before = SecretMemory.Default.LiveBuffers;

        Assert.Throws<ArgumentException>(() => Hkdf.Expand(new byte[31], default, new byte[32]));
        Assert.Throws<ArgumentException>(() => Hkdf.Extract(default, new byte[32], new byte[31]));
        Hkdf.Expand(new byte[32], new byte[5000], new byte[Hkdf.LargestOutput]);

        Assert.Equal(before, SecretMemory.Default.LiveBuffers);
    }
}
