namespace Broker.Secrets.Tests;

public sealed class HpkeSpecs : IDisposable
{
    private static readonly byte[] Infinity = [0];

    private readonly P256PrivateKey _key = P256PrivateKey.Generate(SystemRandom.Fill);

    public static TheoryData<byte[]> BadPoints => new(P256Points.Refused());

    public void Dispose() => _key.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1 << 20)]
    public void Sealed_message_should_open_at_its_receiver(int length)
    {
        using var plaintext = SecretBuffer.Allocate(length);
        SystemRandom.Fill(plaintext.Span);

        var wire = Hpke.Seal(_key.PublicKey, "info"u8, "data"u8, plaintext.Span, SystemRandom.Fill);
        using var opened = Hpke.Open(_key, "info"u8, "data"u8, wire);

        Assert.Equal(length + Hpke.Overhead, wire.Length);
        Assert.True(opened.FixedTimeEquals(plaintext.Span));
    }

    [Fact]
    public void Same_message_should_be_sealed_under_a_new_key_each_time()
    {
        var first = Hpke.Seal(_key.PublicKey, default, default, "same"u8, SystemRandom.Fill);
        var second = Hpke.Seal(_key.PublicKey, default, default, "same"u8, SystemRandom.Fill);

        Assert.NotEqual(first[..Hpke.EncapsulationSize], second[..Hpke.EncapsulationSize]);
    }

    [Fact]
    public void Other_context_data_or_receiver_should_not_open()
    {
        using var other = P256PrivateKey.Generate(SystemRandom.Fill);
        var wire = Hpke.Seal(_key.PublicKey, "info"u8, "data"u8, "secret"u8, SystemRandom.Fill);

        Assert.Equal(SealFailure.NotAuthentic, Refusal(() => Hpke.Open(_key, "Info"u8, "data"u8, wire)));
        Assert.Equal(SealFailure.NotAuthentic, Refusal(() => Hpke.Open(_key, "info"u8, "Data"u8, wire)));
        Assert.Equal(SealFailure.NotAuthentic, Refusal(() => Hpke.Open(other, "info"u8, "data"u8, wire)));
    }

    [Fact]
    public void Every_altered_byte_should_be_refused_with_its_reason()
    {
        var wire = Hpke.Seal(_key.PublicKey, default, default, "secret"u8, SystemRandom.Fill);
        for (var at = 0; at < wire.Length; at++)
        {
            wire[at] ^= 0x40;
            // A point with one altered coordinate is off the curve.
            var expected = at < Hpke.EncapsulationSize ? SealFailure.InvalidPoint : SealFailure.NotAuthentic;
            Assert.Equal(expected, Refusal(() => Hpke.Open(_key, default, default, wire)));
            wire[at] ^= 0x40;
        }

        Hpke.Open(_key, default, default, wire).Dispose();
    }

    [Fact]
    public void Encapsulation_that_is_another_point_should_not_open()
    {
        using var other = P256PrivateKey.Generate(SystemRandom.Fill);
        var wire = Hpke.Seal(_key.PublicKey, default, default, "secret"u8, SystemRandom.Fill);
        other.PublicKey.CopyTo(wire, 0);

        Assert.Equal(SealFailure.NotAuthentic, Refusal(() => Hpke.Open(_key, default, default, wire)));
    }

    [Theory]
    [MemberData(nameof(BadPoints))]
    public void Points_off_the_curve_should_be_refused_at_both_ends(byte[] point)
    {
        Assert.Equal(SealFailure.InvalidPoint, Refusal(() => Hpke.SetupBaseR(_key, point, default)));
        Assert.Equal(SealFailure.InvalidPoint, Refusal(() => Hpke.Seal(point, default, default, "secret"u8, SystemRandom.Fill)));
    }

    [Fact]
    public void Truncated_message_should_be_refused_at_every_length()
    {
        var wire = Hpke.Seal(_key.PublicKey, default, default, "secret"u8, SystemRandom.Fill);
        for (var length = 0; length < wire.Length; length++)
        {
            var expected = length < Hpke.Overhead ? SealFailure.Malformed : SealFailure.NotAuthentic;
            Assert.Equal(expected, Refusal(() => Hpke.Open(_key, default, default, wire.AsSpan(0, length))));
        }

        Assert.Equal(SealFailure.Malformed, Refusal(() => Hpke.Open(_key, default, default, Infinity)));
    }

    [Fact]
    public void Context_should_keep_its_order_and_its_role()
    {
        var (encapsulation, sender) = Hpke.SetupBaseS(_key.PublicKey, default, SystemRandom.Fill);
        using var receiver = Hpke.SetupBaseR(_key, encapsulation, default);
        using (sender)
        {
            byte[] first = new byte[17], second = new byte[17];
            sender.Seal(default, "1"u8, first);
            sender.Seal(default, "2"u8, second);

            Assert.Equal(SealFailure.NotAuthentic, Refusal(() => receiver.Open(default, second)));
            receiver.Open(default, first).Dispose();
            Assert.Equal(SealFailure.NotAuthentic, Refusal(() => receiver.Open(default, first)));
            receiver.Open(default, second).Dispose();
            Assert.Throws<InvalidOperationException>(() => receiver.Seal(default, "3"u8, first));
            Assert.Throws<InvalidOperationException>(() => sender.Open(default, first));
        }

        Assert.Throws<ObjectDisposedException>(() => sender.Export(default, 32));
    }

    [Fact]
    public void No_path_should_keep_a_buffer()
    {
        var before = (SecretMemory.Default.LiveBytes, SecretMemory.Default.LiveBuffers);

        Other_context_data_or_receiver_should_not_open();
        Truncated_message_should_be_refused_at_every_length();
        Context_should_keep_its_order_and_its_role();
        foreach (var point in P256Points.Refused())
            Points_off_the_curve_should_be_refused_at_both_ends(point);

        Assert.Equal(before, (SecretMemory.Default.LiveBytes, SecretMemory.Default.LiveBuffers));
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Equal(0, SecretMemory.Default.LeakedBuffers);
    }

    private static SealFailure Refusal(Action action) => Assert.Throws<SealedDataException>(action).Failure;
}
