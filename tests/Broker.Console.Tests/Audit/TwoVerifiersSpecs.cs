using System.Collections.Concurrent;
using Broker.Links.Identity;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;

namespace Broker.Console.Tests.Audit;

/// <summary>
/// <c>brokerctl audit verify</c> and <c>scripts/audit-verify</c> share no code: on every story, and on everything that is done to one,
/// they say the same, down to position and code. The one case that the hundred lines do not see has a test of its own here.
/// </summary>
public sealed class TwoVerifiersSpecs
{
    private static readonly string[] Zone = [.. Tampering.ByTheZone.Select(static row => (string)row[0])];
    private static readonly string[] File = [.. Tampering.InTheFile.Select(static row => (string)row[0])];

    [SkippableFact]
    public Task Lies_of_the_zone_should_break_both_at_the_same_block_for_the_same_reason() =>
        AgreeAsync(Zone, static name =>
        {
            var story = new Story();
            Tampering.Of(name)(story);
            return story.Seal();
        }, good: false);

    [SkippableFact]
    public Task Changes_of_the_file_should_break_both_at_the_same_block_for_the_same_reason() =>
        AgreeAsync(File, static name =>
        {
            var story = new Story().Seal();
            Tampering.Of(name)(story);
            return story;
        }, good: false);

    [SkippableFact]
    public Task Batches_of_every_shape_should_verify_in_both() =>
        AgreeAsync(["1", "2", "4", "5", "6", "7", "11", "17"], static size => new Story().Seal(int.Parse(size, null)), good: true);

    [SkippableFact]
    public Task Honest_trails_should_verify_in_both() => AgreeAsync(
        ["two administrators", "unknown kind", "released again", "ledger key succeeded", "restored", "versions", "handed over"],
        static name =>
        {
            var story = new Story(name == "two administrators" ? 2u : 1u);
            if (name == "restored")
                story.AndRestored();
            if (name == "versions")
                story.AndVersions();
            if (name == "handed over")
                story.AndHandOver();
            if (name == "unknown kind")
                story.Blocks.Add(("weather", [1]));
            if (name == "released again")
                story.Blocks.Insert(14, story.Intent(story.SecondRequest, fence: 2, generation: 1, head: 5));
            using var successor = story.Installation.Issue(LinkRole.Ledger, "ledger-2");
            return story.Seal(successor: name == "ledger key succeeded" ? successor : null);
        }, good: true);

    [SkippableFact]
    public Task Hand_overs_that_nobody_asked_for_should_break_both() => AgreeAsync(
        ["no promotion", "another id"],
        static name => (name == "no promotion"
            ? new Story().AndHandOver(promoted: false)
            : new Story().AndHandOver(id: static _ => default)).Seal(), good: false);

    [SkippableFact]
    public Task One_signature_where_two_are_required_should_break_both() => AgreeAsync(["put-user"], static _ =>
    {
        var story = new Story(administratorsRequired: 2);
        story.Blocks[12] = story.Change(story.PutOlga("alice"));
        return story.Seal();
    }, good: false);

    [SkippableFact]
    public async Task Wider_policy_by_one_of_two_administrators_is_seen_by_the_first_alone()
    {
        ShellVerifier.Need();
        using var story = new Story(administratorsRequired: 2);
        var wider = story.Ask("alice", UserAction.PutPolicy, Story.Policy("web", Story.Agent, "web-2"));
        story.Blocks[16] = (BlockKind.Change, new ChangeRecord([wider.Encode()], story.Head(6)).Encode());
        Assert.Equal("request-co-signature-needed", story.Seal().Verify().Report.Break?.Code);
        Assert.Equal(0, (await ShellVerifier.VerifyAsync(story)).Exit);
    }

    [SkippableFact]
    public async Task What_was_done_with_a_way_of_custody_should_be_read_by_both()
    {
        ShellVerifier.Need();
        using var story = new Story();
        story.Blocks.Add((BlockKind.CustodyEvent, new CustodyEvent(
            Protocol.Identifiers.Name.Parse("dmz-1"), "console/one", CustodyEvent.Proven, "shares/2", 0).Encode()));
        Assert.Null(story.Seal().Verify().Report.Break);
        Assert.Equal(0, (await ShellVerifier.VerifyAsync(story)).Exit);
    }

    [SkippableFact]
    public async Task Identity_should_be_compared_where_it_is_given()
    {
        ShellVerifier.Need();
        using var story = new Story().Seal();
        var (exit, last) = await ShellVerifier.VerifyAsync(story, story.Secret.Identity.Fingerprint.ToString());
        Assert.Equal((0, true), (exit, last.EndsWith("the one that was given", StringComparison.Ordinal)));
        Assert.Equal((1, "BROKEN     line 1: identity-not-pinned"), await ShellVerifier.VerifyAsync(story, new string('0', 64)));
    }

    [SkippableFact]
    public async Task Cut_export_should_be_refused_wherever_it_is_cut()
    {
        ShellVerifier.Need();
        using var story = new Story().Seal();
        await ShellVerifier.VerifyAsync(story);
        string export = story.Installation.File("shell.audit"), root = story.Installation.File("shell.crt");
        var text = await System.IO.File.ReadAllTextAsync(export);
        foreach (var cut in new[] { 2, 3, 4, 30, 200 })
        {
            await System.IO.File.WriteAllTextAsync(export, text[..^cut]);
            Assert.Equal((1, "BROKEN     line 20: export-malformed"), await ShellVerifier.RunAsync(export, root));
        }

        // The last line's end is no part of it.
        await System.IO.File.WriteAllTextAsync(export, text[..^1]);
        Assert.Equal(0, (await ShellVerifier.RunAsync(export, root)).Exit);
        await System.IO.File.WriteAllTextAsync(export, "");
        Assert.Equal(2, (await ShellVerifier.RunAsync(export, root)).Exit);
        Assert.Equal(2, (await ShellVerifier.RunAsync(export + ".none", root)).Exit);
    }

    [SkippableFact]
    public async Task Second_verifier_should_stay_within_a_hundred_lines_and_say_what_it_checks()
    {
        ShellVerifier.Need();
        var lines = await System.IO.File.ReadAllLinesAsync(ShellVerifier.Script!);
        Assert.InRange(lines.Length, 1, 100);
        Assert.DoesNotContain(lines, static line => line.Length > 140);
        Assert.Equal(0, (await ShellVerifier.RunAsync("--help")).Exit);
    }

    // One test for many cases: a process each, as many at a time as there are processors.
    private static async Task AgreeAsync(IEnumerable<string> names, Func<string, Story> tell, bool good)
    {
        ShellVerifier.Need();
        var differ = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(names, async (name, _) =>
        {
            using var story = tell(name);
            var at = story.Verify().Report.Break;
            var first = at is null ? "verified" : $"BROKEN     chain {at.Chain}, position {at.Position}: {at.Code}";
            var (exit, second) = await ShellVerifier.VerifyAsync(story);
            var says = exit == 0 ? second.Split(' ')[0] : second;
            if (says != first || exit != (good ? 0 : 1))
                differ.Add($"{name}: brokerctl says {first}, the script {exit} {second}");
        });
        Assert.Empty(differ);
    }
}
