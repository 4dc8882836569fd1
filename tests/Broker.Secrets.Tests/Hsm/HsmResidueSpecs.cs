using System.Runtime.CompilerServices;

namespace Broker.Secrets.Tests.Hsm;

/// <summary>
/// What a token's use leaves in this process, the module's own memory included: managed memory, native heaps, stacks. A module of another
/// vendor may keep more; that is the vendor's to say.
/// </summary>
public sealed class HsmResidueSpecs : GaugedSpecs
{
    private readonly SoftHsm _hsm;

    public HsmResidueSpecs() => _hsm = Keep(new SoftHsm());

    [SkippableFact]
    [Trait("Invariant", "I4")]
    public void Agreed_secret_should_be_nowhere_once_it_was_used()
    {
        using var token = _hsm.Open();
        var key = token.MakeKey("wrap", new byte[] { 1 }, SystemRandom.Fill);

        var needle = Agree(key, out var whileHeld);

        Assert.True(whileHeld > 0, "the scanner must find a secret that is held on purpose");
        Assert.Equal(0, OwnMemory.Count(needle));
    }

    [SkippableFact]
    [Trait("Invariant", "I4")]
    public void Pin_should_be_nowhere_once_it_was_used()
    {
        var needle = LogIn(out var whileHeld);

        Assert.True(whileHeld > 0, "the scanner must find a secret that is held on purpose");
        Assert.Equal(0, OwnMemory.Count(needle));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte[] Agree(HsmKey key, out int whileHeld)
    {
        using var peer = P256PrivateKey.Generate(SystemRandom.Fill);
        using var shared = SecretBuffer.Allocate(32);
        for (var round = 0; round < 20; round++)
            key.Agree(peer.PublicKey, shared.Span);
        var needle = OwnMemory.Masked(shared.Span);
        whileHeld = OwnMemory.Count(needle);
        return needle;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private byte[] LogIn(out int whileHeld)
    {
        // A PIN of random bytes, not the token's: looked for without being in the sources, and it goes the same way.
        using var pin = SecretBuffer.Allocate(24);
        SystemRandom.Fill(pin.Span);
        var needle = OwnMemory.Masked(pin.Span);
        for (var round = 0; round < 3; round++)
        {
            var refused = Assert.Throws<HsmException>(() => _hsm.Module.Open(SoftHsm.Name, pin, HsmUse.Administer));
            Assert.Equal(HsmFailure.PinWrong, refused.Failure);
        }

        whileHeld = OwnMemory.Count(needle);
        return needle;
    }
}
