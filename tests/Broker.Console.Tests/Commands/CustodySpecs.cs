using Broker.Console.Tests.Support;
using Broker.Protocol.Custody;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Console.Tests.Commands;

/// <summary>Another custody, and rotation: what is signed, what is written for the holders, what is believed afterwards.</summary>
public sealed class CustodySpecs
{
    private static readonly string[] Holders = ["carol", "dave"];

    [Fact]
    public async Task Custody_should_be_changed_by_what_was_signed_and_confirmed_with_the_new_files()
    {
        await using var world = await TestWorld.WithCustomerAsync();

        await world.Console.GoodAsync(Ask(world, "custody", "change", "acme"));
        var payload = Statement.Read<ChangeCustodyPayload>(world.Customer.Signed!.Payload.Span);
        Assert.Equal((1u, 1u, 2), (payload.Epoch, payload.Replaces, payload.Ways[0].Holders.Count));
        Assert.Equal(2, world.Customer.Signed.Signatures.Count);
        await Confirm(world, 1, 2);

        var shown = await world.Console.GoodAsync("customer", "custody", "show", "acme");
        Assert.Contains("epoch 1, revision 2", shown, StringComparison.Ordinal);
        Assert.True(File.Exists(world.Share("carol")), "the shares of the custody before are still there");
    }

    [Fact]
    public async Task A_rotation_should_be_confirmed_and_followed_by_whoever_pinned_the_identity_before()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        var before = world.Customer.Custody.Identity.Fingerprint;
        await File.WriteAllTextAsync(world.File("secret"), "x");

        await world.Console.GoodAsync(Ask(world, "rotate", "acme"));
        await Confirm(world, 2, 1);
        var after = world.Customer.Custody.Identity.Fingerprint;
        Assert.NotEqual(before, after);
        Assert.Contains(before.ToString(), await Pin(world), StringComparison.Ordinal);

        await world.Console.GoodAsync("credential", "put", "key", "-c", "acme", "--kind", "opaque", "--file", world.File("secret"));
        Assert.Contains(after.ToString(), await Pin(world), StringComparison.Ordinal);
        await world.Console.GoodAsync("credential", "put", "key", "-c", "acme", "--kind", "opaque", "--file", world.File("secret"));
    }

    [Fact]
    public async Task A_compromised_identity_should_not_be_followed()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        await File.WriteAllTextAsync(world.File("secret"), "x");
        var before = await Pin(world);

        await world.Console.GoodAsync([.. Ask(world, "rotate", "acme"), "--compromised"]);

        var ran = await world.Console.BadAsync(7, "succession-broken", ConfirmAs(world, "carol", 2, 1));
        Assert.Contains("brokerctl user accept FILE --compared --renew", ran.Error, StringComparison.Ordinal);
        Assert.Equal(before, await Pin(world));
    }

    [Fact]
    public async Task A_node_that_makes_something_else_should_be_found_out_before_anything_is_written()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        world.Customer.BendCustody = static m => m with { Succession = null };
        await world.Console.BadAsync(7, "plan-not-echoed", Ask(world, "rotate", "acme"));
        world.Customer.BendCustody = static m => m with { Shares = [] };
        await world.Console.BadAsync(7, "plan-not-echoed", Ask(world, "custody", "change", "acme"));
        world.Customer.BendCustody = m => m with
        {
            Custody = Protocol.Api.SignedModel.From(world.Customer.Secret.Sign(
                m.Custody.ToSigned().Read<CustodyRecord>() with { AdministratorsRequired = 2 })),
        };
        await world.Console.BadAsync(7, "plan-not-echoed", Ask(world, "custody", "change", "acme"));

        Assert.Empty(Directory.GetDirectories(world.File("shares")));
    }

    private static string[] Ask(TestWorld world, params string[] command) =>
    [
        "customer", .. command, "--threshold", "2",
            .. Holders.SelectMany(h => new[] { "--custodian", $"{h}={world.Key("custodians/" + h)}" }),
        "--one-way-only", "--co-sign", "erin", "--shares-directory", world.File("shares"),
    ];

    private static string[] ConfirmAs(TestWorld world, string holder, uint epoch, uint revision) =>
    [
        "customer", "confirm", "acme", "--custodian", holder, "--share",
        world.File($"shares/epoch-{epoch}-revision-{revision}/{holder}.share"),
    ];

    private static async Task Confirm(TestWorld world, uint epoch, uint revision)
    {
        foreach (var holder in Holders)
            await world.Console.GoodAsync(ConfirmAs(world, holder, epoch, revision));
    }

    private static Task<string> Pin(TestWorld world) =>
        File.ReadAllTextAsync(Path.Combine(world.Console.Profile, "customers", "acme", "pin"));
}
