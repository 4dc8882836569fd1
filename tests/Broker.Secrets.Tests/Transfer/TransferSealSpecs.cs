using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Secrets.Tests.Transfer;

public sealed class TransferSealSpecs
{
    private static readonly Name Cluster = Name.Parse("test");
    private static readonly Name Customer = Name.Parse("acme");

    [Theory]
    [InlineData(1u)]
    [InlineData(1u, 2u)]
    public void Secrets_should_arrive_as_they_left(params uint[] epochs)
    {
        using var target = P256PrivateKey.Generate(SystemRandom.Fill);
        var secrets = Make(epochs);
        var arrived = TransferSeal.Take(Open(target, Seal(target, secrets)), Cluster, Customer, epochs);

        Assert.Equal(secrets.Select(s => (s.Epoch, s.Identity)), arrived.Select(s => (s.Epoch, s.Identity)));
        Dispose([.. secrets, .. arrived]);
    }

    [Theory]
    [InlineData(2u)]
    [InlineData(1u, 2u)]
    [InlineData]
    public void Secrets_of_other_epochs_than_announced_should_be_refused(params uint[] announced)
    {
        using var target = P256PrivateKey.Generate(SystemRandom.Fill);
        var secrets = Make([1]);
        var content = Open(target, Seal(target, secrets));

        Assert.Throws<MalformedException>(() => TransferSeal.Take(content, Cluster, Customer, announced));
        Assert.True(content.IsEmptied);
        Dispose(secrets);
    }

    [Fact]
    public void Epochs_that_do_not_ascend_should_be_refused()
    {
        using var target = P256PrivateKey.Generate(SystemRandom.Fill);
        var secrets = Make([2, 1]);
        var content = Open(target, Seal(target, secrets));

        Assert.Throws<MalformedException>(() => TransferSeal.Take(content, Cluster, Customer, [2, 1]));
        Assert.True(content.IsEmptied);
        Dispose(secrets);
    }

    [Fact]
    public void What_is_sealed_should_open_under_its_own_info_and_key_only()
    {
        using var target = P256PrivateKey.Generate(SystemRandom.Fill);
        using var other = P256PrivateKey.Generate(SystemRandom.Fill);
        var secrets = Make([1]);
        var content = Seal(target, secrets);

        Assert.Throws<SealedDataException>(() => Open(other, content));
        Assert.Throws<SealedDataException>(() => Hpke.Open(target, "another intent"u8, [], content));
        Dispose(secrets);
    }

    private static CustomerSecret[] Make(uint[] epochs) =>
        [.. epochs.Select(e => CustomerSecret.Create(Cluster, Customer, e, SystemRandom.Fill))];

    private static byte[] Seal(P256PrivateKey target, CustomerSecret[] secrets) =>
        TransferSeal.Seal(secrets, PublicKey.Parse(target.PublicKey), "intent"u8, SystemRandom.Fill);

    private static SecretBuffer Open(P256PrivateKey target, byte[] content) => Hpke.Open(target, "intent"u8, [], content);

    private static void Dispose(IEnumerable<CustomerSecret> secrets)
    {
        foreach (var secret in secrets)
        {
            secret.Dispose();
        }
    }
}
