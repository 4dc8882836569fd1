using Broker.Console.Audit;
using Broker.Console.Tests.Support;

namespace Broker.Console.Tests.Audit;

public sealed class AuditCommandSpecs
{
    [Fact]
    public async Task Export_should_verify_elsewhere_with_nothing_but_the_root_and_break_when_a_byte_of_it_changes()
    {
        using var story = new Story().Seal();
        var file = story.Installation.File("acme.audit");
        await File.WriteAllLinesAsync(file, story.Lines.Select(AuditFiles.ToLine).Prepend(AuditFiles.ToLine(story.Header)));
        story.Installation.WriteConsole("console");
        string[] verify =
        [
            "audit", "verify", "--file", file, "--root", story.Installation.File("root.crt"), "--checkpoint",
            story.Installation.File("checkpoint"),
            "--identity", story.Secret.Identity.Fingerprint.ToString(),
        ];
        var console = new Brokerctl(story.Installation.File("no-profile"));
        Assert.Contains("verified", await console.GoodAsync(verify), StringComparison.Ordinal);
        Assert.Contains("\"break\":null", await console.GoodAsync([.. verify, "--output", "json"]), StringComparison.Ordinal);

        var lines = await File.ReadAllLinesAsync(file);
        await File.WriteAllLinesAsync(file, lines[..^3]);
        await console.BadAsync(7, "tail-cut", verify);
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file))[..^30]);
        await console.BadAsync(7, "export-malformed", verify);
    }

    [Fact]
    public async Task Trail_should_be_shown_exported_and_verified_from_the_broker()
    {
        await using var world = await TestWorld.WithCustomerAsync();
        using var story = new Story().Seal();
        world.Customer.Chain.AddRange(story.Lines.Where(static l => l.Chain == AuditLine.Customer).Select(static l => l.Receipt));
        world.Customer.ClusterChain.AddRange(story.Lines.Where(static l => l.Chain == AuditLine.Cluster).Select(static l => l.Receipt));
        var shown = await world.Console.GoodAsync("audit", "show", "-c", "acme");
        Assert.Contains("hand hold=key to agent web-1", shown, StringComparison.Ordinal);
        Assert.Contains("refused: policy-forbids, and 2 more", shown, StringComparison.Ordinal);
        Assert.Equal(17, shown.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        await world.Console.GoodAsync("audit", "export", "-c", "acme", "--file", world.File("export"));
        Assert.Equal(1 + story.Lines.Count, File.ReadLines(world.File("export")).Count());
        // The story is another installation's: live verification has to say so, by the pinned root and identity.
        await world.Console.BadAsync(7, "ledger-certificate-refused", "audit", "verify", "-c", "acme");
    }
}
