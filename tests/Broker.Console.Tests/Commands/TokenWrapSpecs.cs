using Broker.Console.Tests.Support;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Secrets;

namespace Broker.Console.Tests.Commands;

/// <summary>
/// What an enrolment that nobody ended left in a token goes by a command; what a customer may need to unlock does not without a word.
/// </summary>
[Collection(nameof(SecretGaugeSpecs))]
public sealed class TokenWrapSpecs
{
    private static readonly Name Vault = Name.Parse("vault");

    [SkippableFact]
    public async Task Wraps_of_a_dead_enrolment_should_be_listed_and_removed_and_no_other()
    {
        using var hsm = new SoftHsm();
        await using var world = await TestWorld.WithCustomerAsync();
        await world.Console.GoodAsync(["key", "new", "way", "--name", "vault", .. hsm.Options, "--key-label", "vault"]);
        using var dead = CustomerSecret.Create(world.Installation.Cluster, Name.Parse("acme"), 1, SystemRandom.Fill);
        using var unknown = CustomerSecret.Create(world.Installation.Cluster, Name.Parse("globex"), 1, SystemRandom.Fill);
        using var foreign = CustomerSecret.Create(Name.Parse("another-cluster"), Name.Parse("acme"), 1, SystemRandom.Fill);
        Assert.Contains("0 wraps in the token", await ListAsync(world, hsm), StringComparison.Ordinal);
        SoftHsm.Do(token =>
        {
            Keep(token, world.Customer.Secret, 1);
            Keep(token, dead, 2);
            Keep(token, unknown, 3);
            Keep(token, foreign, 4);
        });

        var list = await ListAsync(world, hsm);
        Assert.Contains($"{Making(1)}  acme, way vault, epoch 1: identity {world.Customer.Secret.Identity.Fingerprint}, pinned\n", list,
            StringComparison.Ordinal);
        Assert.Contains($"{Making(2)}  acme, way vault, epoch 1: identity {dead.Identity.Fingerprint}, another-identity\n", list,
            StringComparison.Ordinal);
        Assert.Contains($"{unknown.Identity.Fingerprint}, not-pinned-here\n", list, StringComparison.Ordinal);
        Assert.Contains($"{foreign.Identity.Fingerprint}, not-pinned-here\n", list, StringComparison.Ordinal);

        await world.Console.BadAsync(2, "usage", ["key", "wraps", .. hsm.Options, "--remove", "2"]);
        await world.Console.BadAsync(3, "wrap-missing", ["key", "wraps", .. hsm.Options, "--remove", Making(9)]);
        foreach (var live in new byte[] { 1, 3, 4 })
            await world.Console.BadAsync(2, "usage", ["key", "wraps", .. hsm.Options, "--remove", Making(live)]);
        Assert.Equal(4, Kept());

        Assert.Contains("4 wraps in the token, 1 removed", await ListAsync(world, hsm, "--remove", Making(2)), StringComparison.Ordinal);
        Assert.DoesNotContain(Making(2), await ListAsync(world, hsm), StringComparison.Ordinal);
        await ListAsync(world, hsm, "--remove", Making(3), "--although-in-use");
        Assert.Equal(2, Kept());
    }

    private static Task<string> ListAsync(TestWorld world, SoftHsm hsm, params string[] more) =>
        world.Console.GoodAsync(["key", "wraps", .. hsm.Options, .. more]);

    private static void Keep(HsmToken token, CustomerSecret secret, byte making)
    {
        var key = PublicKey.Parse(token.FindKey(new HsmKeyName("vault"), SystemRandom.Fill).PublicKey);
        var (wrap, confirmation, _) = WrapRecord.Seal(secret, Vault, Id(making), key, SystemRandom.Fill);
        confirmation.Dispose();
        token.KeepWrap(wrap);
    }

    private static int Kept()
    {
        IReadOnlyList<SealedWrap> wraps = [];
        SoftHsm.Do(token => wraps = token.AllWraps());
        return wraps.Count;
    }

    private static string Making(byte making) => Id(making).ToString();

    private static Id16 Id(byte making) => new([.. Enumerable.Repeat(making, Id16.Length)]);
}
