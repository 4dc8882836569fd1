using System.Text.Json;
using Broker.Console.Tests.Support;
using Broker.Protocol.Api;
using Broker.Protocol.Identifiers;
using Broker.Secrets;

namespace Broker.Console.Tests.Commands;

/// <summary>Ways of custody besides shares: enrolled, confirmed, used to unlock, proven.</summary>
[Collection(nameof(SecretGaugeSpecs))]
public sealed class WaySpecs
{
    [Fact]
    public async Task A_wrap_should_be_written_confirmed_proven_and_unlock()
    {
        // What an earlier test left is for the collector: now, and not while this one runs.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = SecretMemory.Default.LiveBytes;
        await using (var world = await EnrolledAsync())
        {
            string[] wrap = ["--wrap", world.File("shares/safe.wrap"), "--key", "safe"];
            await world.Console.GoodAsync(["customer", "confirm", "acme", .. wrap]);
            Assert.Contains(
                "way safe of acme: safe has it", await world.Console.GoodAsync(["customer", "verify-custody", "acme", .. wrap]),
                StringComparison.Ordinal);
            Assert.Contains("share 1", await world.Console.GoodAsync(
                "customer", "verify-custody", "acme", "--share", world.Share("carol"), "--custodian", "carol"), StringComparison.Ordinal);
            world.Customer.Restart();
            await world.Console.GoodAsync(["customer", "unlock", "acme", .. wrap]);
            Assert.Equal("unlocked", world.Customer.State);
            world.Customer.LockGeneration = 1;
            await world.Console.BadAsync(4, "lift-needed", ["customer", "unlock", "acme", .. wrap]);
        }

        Assert.InRange(SecretMemory.Default.LiveBytes, 0, before);
    }

    [Fact]
    public async Task A_wrap_should_open_with_its_key_and_for_its_customer_only()
    {
        await using var world = await EnrolledAsync();
        await world.Console.GoodAsync("key", "new", "way", "--name", "other");
        var file = world.File("shares/safe.wrap");
        await world.Console.BadAsync(2, "usage", "customer", "confirm", "acme", "--wrap", file, "--key", "other");
        await world.Console.BadAsync(2, "usage", "customer", "confirm", "acme", "--wrap", file, "--key", "missing");
        await world.Console.BadAsync(2, "usage", "customer", "confirm", "acme", "--wrap", file, "--share", file);
        await world.Console.BadAsync(2, "usage", "customer", "confirm", "acme", "--wrap", world.Share("carol"), "--key", "safe");
        var text = await File.ReadAllTextAsync(file);
        var wrap = JsonDocument.Parse(text).RootElement.GetProperty("wrap").GetBytesFromBase64();
        wrap[^1] ^= 1;
        await File.WriteAllTextAsync(file, text[..text.IndexOf("\"wrap\"", StringComparison.Ordinal)] +
            $"\"wrap\":\"{Convert.ToBase64String(wrap)}\"}}");
        await world.Console.BadAsync(7, "sealed-data-refused", "customer", "confirm", "acme", "--wrap", file, "--key", "safe");
        Assert.DoesNotContain("POST /v1/customers/acme/confirmations", world.Broker.Calls);
    }

    [Fact]
    public async Task Enrolment_should_need_two_ways_or_the_word_that_one_is_enough()
    {
        await using var world = await TestWorld.StartAsync();
        await world.Console.GoodAsync("key", "new", "way", "--name", "safe");
        string[] administrator = ["--administrator", "alice=" + world.Key("users/alice")];
        string[] safe = ["--key-way", "safe=" + world.Key("ways/safe")];
        var one = await world.Console.BadAsync(2, "usage", ["customer", "enrol", "acme", .. administrator, .. safe]);
        Assert.Contains("--one-way-only", one.Error, StringComparison.Ordinal);
        await world.Console.BadAsync(2, "usage", ["customer", "enrol", "acme", .. administrator, "--one-way-only"]);
        await world.Console.BadAsync(2, "usage", world.Enrol(safe));
        await world.Console.BadAsync(2, "usage", ["customer", "enrol", "acme", .. administrator, .. safe, "--threshold", "2"]);
        await world.Console.BadAsync(2, "usage", ["customer", "enrol", "acme", .. administrator, .. safe, "--hsm-way", "vault"]);
        Assert.DoesNotContain("POST /v1/customers", world.Broker.Calls);
    }

    [Fact]
    public async Task What_was_superseded_or_is_another_nodes_question_should_prove_nothing()
    {
        await using var world = await EnrolledAsync();
        string[] verify = ["customer", "verify-custody", "acme", "--wrap", world.File("shares/safe.wrap"), "--key", "safe"];
        world.Broker.Hook = async (context, _) =>
        {
            if (!context.Request.Path.Value!.EndsWith("custody-challenges", StringComparison.Ordinal))
                return false;
            var challenge = world.Customer.Challenge("safe") with { Incarnation = Digest.Of([1]) };
            await TestBroker.WriteAsync(
                context, new ChallengeModel(challenge.Encode(), SignedModel.From(world.Customer.Secret.Sign(world.Customer.Custody))),
                ApiJson.Default.ChallengeModel);
            return true;
        };
        await world.Console.BadAsync(7, "challenge-of-another", verify);
        world.Broker.Hook = null;
        world.Customer.Supersede();
        await world.Console.BadAsync(1, "way-superseded", verify);
        Assert.DoesNotContain("POST /v1/customers/acme/custody-proofs", world.Broker.Calls);
    }

    private static async Task<TestWorld> EnrolledAsync()
    {
        var world = await TestWorld.StartAsync();
        await world.Console.GoodAsync("key", "new", "way", "--name", "safe");
        string[] enrol = world.Enrol("--key-way", "safe=" + world.Key("ways/safe"));
        await world.Console.GoodAsync([.. enrol.Where(static a => a != "--one-way-only")]);
        return world;
    }
}
