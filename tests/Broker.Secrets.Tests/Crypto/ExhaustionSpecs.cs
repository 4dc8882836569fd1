namespace Broker.Secrets.Tests;

public sealed class ExhaustionSpecs
{
    public static TheoryData<string, Action> Operations => new()
    {
        { "derive", static () => P256Scalar.Derive(new byte[32]).Dispose() },
        { "import", static () => P256PrivateKey.Generate(SystemRandom.Fill).Dispose() },
        { "pem", static () => WriteAndRead() },
        { "expand", static () => Hkdf.Expand(new byte[32], new byte[100], new byte[100]) },
        { "seal", static () => Hpke.Seal(Key.PublicKey, "info"u8, "data"u8, "secret"u8, SystemRandom.Fill) },
        { "open", static () => Hpke.Open(Key, "info"u8, "data"u8, Wire).Dispose() },
        { "export", static () => Export() },
        { "share", static () => Array.ForEach(Shamir.Split("secret"u8, 2, 3, SystemRandom.Fill), static share => share.Dispose()) },
    };

    private static P256PrivateKey Key { get; } = P256PrivateKey.Generate(SystemRandom.Fill);

    private static byte[] Wire { get; } = Hpke.Seal(Key.PublicKey, "info"u8, "data"u8, "secret"u8, SystemRandom.Fill);

    [Theory]
    [Trait("Invariant", "I10")]
    [MemberData(nameof(Operations))]
    public void Operation_should_refuse_wherever_memory_ends_and_keep_nothing(string name, Action operation)
    {
        var refusals = Exhaustion.Walk(operation);

        Assert.True(refusals > 1, $"{name} was refused {refusals} times only");
    }

    private static void WriteAndRead()
    {
        using var scalar = P256Scalar.Derive(new byte[32]);
        using var pem = P256Pem.Write(scalar.Span);
        P256PrivateKey.FromPkcs8Pem(pem).Dispose();
    }

    private static void Export()
    {
        var (encapsulation, sender) = Hpke.SetupBaseS(Key.PublicKey, default, SystemRandom.Fill);
        using (sender)
        using (var receiver = Hpke.SetupBaseR(Key, encapsulation, default))
        using (var sent = sender.Export("context"u8, 100))
        using (var received = receiver.Export("context"u8, 100))
            Assert.True(sent.FixedTimeEquals(received.Span));
    }
}
