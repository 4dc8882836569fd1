using System.Text.Json;
using Broker.Console.Tests.Support;
using Broker.Protocol.Api;
using Broker.Protocol.Backup;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Console.Tests.Commands;

/// <summary><c>brokerctl backup verify</c> against a gateway that answers for each customer as the test says.</summary>
public sealed class BackupSpecs
{
    private static readonly BackupProof Proof = new(new Signed(new byte[] { 1 }, new byte[64]), "db/1", new byte[] { 2 }, new byte[32]);

    [Fact]
    public async Task What_opens_should_be_counted_and_what_is_locked_be_named()
    {
        await using var world = await TestWorld.StartAsync();
        Answer(world, ("acme", null, 0), ("shut", "customer-locked", 423), ("held", "lock-stands", 423));
        var manifest = Write(world, [("acme", Proof), ("shut", Proof), ("held", Proof), ("bare", None)]);

        var said = await world.Console.GoodAsync("backup", "verify", "--manifest", manifest);

        Assert.Contains("one row of each of 1 customers", said, StringComparison.Ordinal);
        Assert.Contains("1 customers have no row", said, StringComparison.Ordinal);
        Assert.Contains("2 customers locked: not verified (shut held)", said, StringComparison.Ordinal);
        Assert.Contains("1 customers have changed", said, StringComparison.Ordinal);
        Assert.EndsWith("ok\n", said, StringComparison.Ordinal);
        Assert.DoesNotContain(world.Broker.Calls, static c => c.Contains("/bare/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("backup-row-not-opened")]
    [InlineData("backup-row-not-under-head")]
    [InlineData("backup-superseded")]
    [InlineData("backup-ahead")]
    public async Task What_does_not_open_should_end_in_an_error_with_its_code(string code)
    {
        await using var world = await TestWorld.StartAsync();
        Answer(world, ("acme", null, 0), ("other", code, 403));

        var ran = await world.Console.BadAsync(
            7, code, "backup", "verify", "--manifest", Write(world, [("acme", Proof), ("other", Proof)]));

        Assert.Contains($"FAILED     other: {code}", ran.Output, StringComparison.Ordinal);
        Assert.Contains("BROKEN     1 customers", ran.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cut", "manifest-cut")]
    [InlineData("another installation", "manifest-of-another")]
    [InlineData("twice", "manifest-malformed")]
    [InlineData("no number", "manifest-malformed")]
    [InlineData("no base64", "manifest-malformed")]
    [InlineData("empty", "manifest-cut")]
    public async Task A_manifest_that_was_altered_should_be_refused(string how, string code)
    {
        await using var world = await TestWorld.StartAsync();
        Answer(world, ("acme", null, 0), ("other", null, 0));
        var manifest = Write(world, [("acme", Proof), ("other", Proof)]);
        var lines = await File.ReadAllLinesAsync(manifest);
        await File.WriteAllLinesAsync(manifest, how switch
        {
            "cut" => lines[..^1],
            "another installation" => [lines[0].Replace("test-cluster", "elsewhere", StringComparison.Ordinal), .. lines[1..]],
            "twice" => [lines[0], lines[1], lines[1]],
            "no number" => [BackupManifest.Version1 + " test-cluster x"],
            "no base64" => [lines[0], "acme ?"],
            _ => [lines[0]],
        });

        await world.Console.BadAsync(7, code, "backup", "verify", "--manifest", manifest);
    }

    private static BackupProof None => Proof with { Id = "", Row = default, Proof = default };

    private static void Answer(TestWorld world, params (string Customer, string? Code, int Status)[] answers) =>
        world.Broker.Hook = async (context, body) =>
        {
            var path = context.Request.Path.Value!;
            if (!path.EndsWith("/backup-checks", StringComparison.Ordinal))
                return false;
            Assert.Equal(Proof.Encode(), JsonSerializer.Deserialize(body, ApiJson.Default.BackupCheckModel)!.Proof);
            var (_, code, status) = answers.Single(a => path == $"/v1/customers/{a.Customer}/backup-checks");
            await (code is null
                ? TestBroker.WriteAsync(context, new BackupCheckedModel(3, 4, 9), ApiJson.Default.BackupCheckedModel)
                : TestBroker.RefuseAsync(context, status, code));
            return true;
        };

    private static string Write(TestWorld world, IReadOnlyList<(string Customer, BackupProof Proof)> customers)
    {
        var path = world.File("zone.db.manifest");
        using var writer = new StreamWriter(path);
        BackupManifest.Write(
            writer, world.Installation.Cluster, customers.Count, customers.Select(static c => (Name.Parse(c.Customer), c.Proof)));
        return path;
    }
}
