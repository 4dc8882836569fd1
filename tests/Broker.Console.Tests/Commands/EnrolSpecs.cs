using System.Text.Json;
using Broker.Console.Tests.Support;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;

namespace Broker.Console.Tests.Commands;

public sealed class EnrolSpecs
{
    public static TheoryData<string> Lies =>
        ["threshold", "custodian", "administrators", "plan", "signature", "share", "missing-share", "challenge"];

    [Fact]
    public async Task Enrolment_should_print_and_pin_both_fingerprints()
    {
        await using var world = await TestWorld.StartAsync();
        var text = await world.Console.GoodAsync(world.Enrol());
        Assert.Contains(world.Installation.Trust.Fingerprint.ToString(), text, StringComparison.Ordinal);
        Assert.Contains(world.Customer.Secret.Identity.Fingerprint.ToString(), text, StringComparison.Ordinal);
        var pin = await File.ReadAllTextAsync(Path.Combine(world.Console.Profile, "customers/acme/pin"));
        Assert.Contains(world.Customer.Secret.Identity.Fingerprint.ToString(), pin, StringComparison.Ordinal);
        await world.Console.BadAsync(2, "usage", world.Enrol());
        await world.Console.GoodAsync(world.Enrol("--again"));
    }

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task Node_that_does_not_echo_the_plan_should_be_refused_before_anything_is_kept(string lie)
    {
        await using var world = await TestWorld.StartAsync();
        world.Broker.Hook = async (context, body) =>
        {
            if (context.Request.Method != "POST" || context.Request.Path != "/v1/customers")
                return false;
            var honest = world.Customer.Enrol(JsonSerializer.Deserialize(body, ApiJson.Default.EnrolModel)!);
            await TestBroker.WriteAsync(context, Lie(lie, honest, world.Customer), ApiJson.Default.EnrolledModel);
            return true;
        };
        await world.Console.BadAsync(7, lie == "signature" ? "custody-forged" : "plan-not-echoed", world.Enrol());
        Assert.False(File.Exists(Path.Combine(world.Console.Profile, "customers/acme/pin")));
        Assert.False(Directory.Exists(world.File("shares")));
    }

    [Fact]
    public async Task Node_certificate_of_another_installation_or_role_should_be_refused()
    {
        await using var world = await TestWorld.StartAsync();
        using var foreign = new TestInstallation();
        var answers = new (NodeModel Model, string Code)[]
        {
            (world.Customer.Node() with { Certificates = [.. foreign.Node.ChainDer.Select(static c => c.ToArray())] }, "foreign-authority"),
            (Signed(world, world.Installation.Ledger, "dmz-1"), "wrong-role"),
            (Signed(world, world.Installation.Node, "dmz-2"), "incarnation-of-another"),
            (world.Customer.Node() with { Incarnation = world.Customer.Node().Incarnation with { Signature = new byte[64] } },
                "signature-invalid"),
        };
        foreach (var (model, code) in answers)
        {
            world.Broker.Hook = async (context, _) =>
            {
                if (context.Request.Path != "/v1/node")
                    return false;
                await TestBroker.WriteAsync(context, model, ApiJson.Default.NodeModel);
                return true;
            };
            await world.Console.BadAsync(7, code, world.Enrol());
        }

        world.Broker.Hook = null;
        await world.Console.BadAsync(7, "wrong-name", world.Enrol("--node", "dmz-2"));
        Assert.DoesNotContain("POST /v1/customers", world.Broker.Calls);
    }

    [Fact]
    public async Task Custodians_should_not_confirm_what_is_not_by_the_pinned_identity()
    {
        await using var world = await TestWorld.StartAsync();
        await world.Console.GoodAsync(world.Enrol());
        var other = new string('0', 64);
        await world.Console.BadAsync(
            7, "identity-not-pinned", "customer", "confirm", "acme", "--custodian", "carol", "--share", world.Share("carol"), "--identity",
            other);
        await world.Console.BadAsync(
            7, "sealed-data-refused", "customer", "confirm", "acme", "--custodian", "dave", "--share", world.Share("carol"));
        File.Delete(Path.Combine(world.Console.Profile, "customers/acme/pin"));
        await world.Console.BadAsync(2, "usage", "customer", "confirm", "acme", "--custodian", "carol", "--share", world.Share("carol"));
        await world.Console.GoodAsync(
            "customer", "confirm", "acme", "--custodian", "carol", "--share", world.Share("carol"), "--identity",
            world.Customer.Secret.Identity.Fingerprint.ToString());
    }

    [Fact]
    public async Task Old_share_of_an_enrolment_begun_again_should_be_refused()
    {
        await using var world = await TestWorld.StartAsync();
        await world.Console.GoodAsync(world.Enrol());
        File.Copy(world.Share("carol"), world.File("old"));
        await world.Console.GoodAsync(world.Enrol("--again"));
        await world.Console.BadAsync(
            7, "identity-not-pinned", "customer", "confirm", "acme", "--custodian", "carol", "--share", world.File("old"));
    }

    [Fact]
    public async Task Unlock_should_seal_to_the_verified_incarnation_and_bind_the_accepted_head()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        world.Customer.Restart();
        await world.Console.BadAsync(
            7, "head-unknown", "customer", "unlock", "acme", "--custodian", "carol", "--share", world.Share("carol"), "--accept-head", "9");
        await world.Console.GoodAsync(
            "customer", "unlock", "acme", "--custodian", "carol", "--share", world.Share("carol"), "--accept-head", "1");
        Assert.Equal(
            (1UL, world.Customer.Head!.Root.ToString()), (world.Customer.Share!.AcceptedCounter, world.Customer.Share.AcceptedRoot));
    }

    private static NodeModel Signed(TestWorld world, Links.Identity.InstallationKey by, string node)
    {
        var statement = new Incarnation(
            world.Installation.Cluster, Name.Parse(node), world.Customer.IncarnationKey, Digest.Zero, TestInstallation.Now).Encode();
        return world.Customer.Node() with
        {
            Incarnation = new SignedModel(statement, by.Sign(statement)),
            Certificates = [.. by.ChainDer.Select(static c => c.ToArray())],
        };
    }

    private static CustodyRecord With(CustodyRecord record, Func<CustodyWay, CustodyWay> bend) =>
        record with { Ways = [record.Ways[0] with { Way = bend(record.Ways[0].Way) }] };

    private static EnrolledModel Lie(string lie, EnrolledModel honest, TestCustomer customer)
    {
        var record = customer.Custody;
        return lie switch
        {
            "threshold" => Resigned(With(record, way => way with { Threshold = 3 })),
            "custodian" => Resigned(With(
                record, way => way with { Holders = [way.Holders[0] with { Key = record.Identity }, .. way.Holders.Skip(1)] })),
            "administrators" => Resigned(record with { AdministratorsRequired = 2 }),
            "plan" => Resigned(record with { Plan = Digest.Zero }),
            "signature" => honest with { Custody = honest.Custody with { Signature = new byte[64] } },
            "share" => honest with { Shares = [honest.Shares[0], honest.Shares[2], honest.Shares[1]] },
            "missing-share" => honest with { Shares = [.. honest.Shares.Skip(1)] },
            _ => honest with { Challenge = [1] },
        };

        EnrolledModel Resigned(CustodyRecord changed) => honest with { Custody = SignedModel.From(customer.Secret.Sign(changed)) };
    }
}
