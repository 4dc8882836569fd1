using System.Runtime.CompilerServices;

namespace Broker.Secrets.Tests;

public sealed class KeyResidueSpecs
{
    [Fact]
    public void Key_should_leave_no_copy_of_its_scalar_once_disposed()
    {
        var needles = Use(out var whileHeld, out var whileKeyLives);

        Assert.All(whileHeld, static count => Assert.True(count > 0, "the scanner must find a secret that is held on purpose"));
        Assert.All(whileKeyLives, static count => Assert.True(count > 0, "the scanner must find the number inside the crypto library"));
        Assert.Equal([0, 0], needles.Select(OwnMemory.Count));
    }

    [Fact]
    public void Living_key_should_hold_its_scalar_in_locked_memory_only()
    {
        using var key = Import(out var needle);

        var found = OwnMemory.Find(needle);

        Assert.NotEmpty(found);
        Assert.All(found, static address => Assert.Subset(OwnMemory.FlagsOf(address), new HashSet<string> { "lo", "dd" }));
    }

    [Fact]
    public void Sealing_and_opening_should_leave_no_copy_of_the_plaintext()
    {
        using var key = P256PrivateKey.Generate(SystemRandom.Fill);
        var needle = Exchange(key, out var whileHeld);

        Assert.True(whileHeld > 0, "the scanner must find a secret that is held on purpose");
        Assert.Equal(0, OwnMemory.Count(needle));
    }

    /// <summary>Imports a key both ways, uses it, and disposes all; returns what to look for: each half of the scalar.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte[][] Use(out int[] whileHeld, out int[] whileKeyLives)
    {
        Span<byte> signature = stackalloc byte[P256PrivateKey.SignatureSize];
        using var shared = SecretBuffer.Allocate(P256PrivateKey.SharedSize);
        using var peer = P256PrivateKey.Generate(SystemRandom.Fill);
        byte[][] needles;
        P256PrivateKey direct, read;
        using (var scalar = P256Scalar.Generate(SystemRandom.Fill))
        {
            needles = [OwnMemory.Masked(scalar.Span[..16]), OwnMemory.Masked(scalar.Span[16..])];
            whileHeld = [.. needles.Select(OwnMemory.Count)];
            using var pem = P256Pem.Write(scalar.Span);
            direct = P256PrivateKey.FromScalar(scalar);
            read = P256PrivateKey.FromPkcs8Pem(pem);
        }

        using (direct)
        using (read)
        {
            whileKeyLives = [.. needles.Select(OwnMemory.Count)];
            for (var round = 0; round < 20; round++)
            {
                direct.Sign("message"u8, signature);
                read.Agree(peer.PublicKey, shared.Span);
            }
        }

        return needles;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static P256PrivateKey Import(out byte[] needle)
    {
        using var scalar = P256Scalar.Generate(SystemRandom.Fill);
        needle = OwnMemory.Masked(scalar.Span);
        return P256PrivateKey.FromScalar(scalar);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte[] Exchange(P256PrivateKey key, out int whileHeld)
    {
        using var plaintext = SecretBuffer.Allocate(40);
        SystemRandom.Fill(plaintext.Span);
        var needle = OwnMemory.Masked(plaintext.Span[..16]);
        for (var round = 0; round < 20; round++)
            Hpke.Open(key, default, default, Hpke.Seal(key.PublicKey, default, default, plaintext.Span, SystemRandom.Fill)).Dispose();
        whileHeld = OwnMemory.Count(needle);
        return needle;
    }
}
