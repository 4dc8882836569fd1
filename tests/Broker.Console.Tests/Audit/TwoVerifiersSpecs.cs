using System.Collections.Concurrent;
using Broker.Console.Audit;
using Broker.Links.Identity;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Transfer;

namespace Broker.Console.Tests.Audit;

/// <summary>
/// <c>brokerctl audit verify</c> and <c>scripts/audit-verify</c> share no code: on every story, and on everything that is done to one,
/// they say the same, down to position and code.
/// </summary>
public sealed class TwoVerifiersSpecs
{
    private static readonly Dictionary<string, Func<Story, Story>> Custody = new()
    {
        ["custody changed"] = static s => s.AndCustodyChanged(),
        ["custody changed twice"] = static s => s.AndCustodyChanged(required: 1).AndCustodyChanged(signers: ["alice", "erin"]),
        ["custody changed since the record was read"] = static s => s.AndCustodyChanged().AndCustodyChanged(c => c with
        {
            Revision = 2,
            Plan = s.Custody.Plan,
        }),
        ["rotated"] = static s => s.AndRotated(),
        ["rotated in the largest batch"] = static s => s.Rotate(resealed: static i => i with
        {
            Leaves = [.. Enumerable.Range(0, RotationIntent.MaxRows).Select(static n => Digest.Of(BitConverter.GetBytes(n)))],
        }),
        ["rotated as compromised"] = static s => s.AndRotated(compromised: true),
        ["rotated twice"] = static s => s.AndRotated().AndRotated(compromised: true),
        ["rotated and changed"] = static s => s.AndCustodyChanged().AndRotated().AndCustodyChanged(),
        ["transferred"] = static s => s.AndTransferred(),
        ["transferred twice"] = static s => s.AndTransferred().AndTransferred(new() { Kind = AdmissionKind.Ticket }),
        ["transferred by two people's word"] = static s => s.AndTransferred(new() { Kind = AdmissionKind.Statement }),
        ["both epochs transferred"] = static s => s.AndRotated().AndTransferred(new() { TwoEpochs = true }),
        ["transferred by a ticket of before"] = static s =>
            s.AndRotated().AndTransferred(new() { Kind = AdmissionKind.Ticket, TicketBy = s.Secret }),
        ["a backup looked into"] = static s =>
        {
            s.Blocks.Add(s.BackupChecked());
            return s;
        },
    };

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
    public Task Lies_about_custody_epochs_and_transfers_should_break_both_at_the_same_block_for_the_same_reason() =>
        AgreeAsync(CustodyTampering.Names, CustodyTampering.Tell, good: false);

    [SkippableFact]
    public Task Honest_custody_epochs_and_transfers_should_verify_in_both() => AgreeAsync(Custody.Keys, static name =>
        Custody[name](new Story(administratorsRequired: 2, isShort: true)).Seal(), good: true);

    [SkippableFact]
    public Task What_lets_more_out_by_one_of_two_administrators_should_break_both() =>
        AgreeAsync(Widening.Lies, Widening.Tell, good: false);

    [SkippableFact]
    public Task What_lets_no_more_out_should_need_one_administrator_in_both() =>
        AgreeAsync(Widening.Honest, Widening.Tell, good: true);

    [SkippableFact]
    public async Task Identity_of_before_a_rotation_should_be_followed_unless_it_was_given_up()
    {
        ShellVerifier.Need();
        using var story = new Story().AndRotated().Seal();
        var pin = story.Secret.Identity.Fingerprint;
        Assert.Equal(0, (await ShellVerifier.VerifyAsync(story, pin.ToString())).Exit);
        story.AndRotated(compromised: true).Seal();
        Assert.Equal((1, "BROKEN     line 1: identity-not-pinned"), await ShellVerifier.VerifyAsync(story, pin.ToString()));
        Assert.Equal(0, (await ShellVerifier.VerifyAsync(story, story.Newest.Identity.Fingerprint.ToString())).Exit);
        Assert.Equal(0, (await ShellVerifier.VerifyAsync(story)).Exit);
    }

    [SkippableFact]
    public async Task Successions_of_the_first_line_that_cannot_be_read_should_be_refused_by_both()
    {
        ShellVerifier.Need();
        using var story = new Story().AndRotated().Seal();
        story.Successions = [story.Successions![0] with { Statement = [1, 2, 3] }];
        Assert.Equal("succession-forged", Assert.Throws<Shell.CommandException>(() => story.Verify()).Code);
        Assert.Equal((1, "BROKEN     line 1: succession-forged"), await ShellVerifier.VerifyAsync(story));
    }

    [SkippableFact]
    public async Task Checkpoint_should_show_both_a_cut_tail_and_another_past()
    {
        ShellVerifier.Need();
        using var story = new Story().Seal();
        var checkpoint = story.Verify().Checkpoint!;
        var zero = Digest.Zero.ToString();
        (string Name, Checkpoint Before)[] cases =
        [
            ("same", checkpoint), ("none", new Checkpoint(0, zero, 0, zero)), ("earlier", checkpoint with { Blocks = 0, Hash = zero }),
            ("cut", checkpoint with { Blocks = 20 }), ("another past", checkpoint with { Blocks = 5 }),
            ("another end", checkpoint with { Hash = zero }), ("cluster cut", checkpoint with { ClusterBlocks = 3 }),
            ("cluster of another past", checkpoint with { ClusterBlocks = 1 }),
        ];
        foreach (var (name, before) in cases)
        {
            var at = story.Verify(before: before).Report.Break;
            var file = story.Installation.File("checkpoint");
            await System.IO.File.WriteAllBytesAsync(file, Shell.Files.ToJson(before, Shell.ConsoleJson.Default.Checkpoint));
            var (exit, last) = await ShellVerifier.VerifyAsync(story, "", file);
            var says = exit == 0 ? last.Split(' ')[0] : last;
            Assert.Equal(
                (name, at is null ? "verified" : $"BROKEN     chain {at.Chain}, position {at.Position}: {at.Code}"), (name, says));
        }
    }

    [SkippableFact]
    public async Task Tail_cut_in_both_chains_should_show_by_the_checkpoint_alone()
    {
        ShellVerifier.Need();
        using var story = new Story();
        var all = story.Blocks.ToList();
        var checkpoint = story.Seal().Verify().Checkpoint!;
        var file = story.Installation.File("checkpoint");
        await System.IO.File.WriteAllBytesAsync(file, Shell.Files.ToJson(checkpoint, Shell.ConsoleJson.Default.Checkpoint));
        Assert.Equal(0, (await ShellVerifier.VerifyAsync(story, "", file)).Exit);

        // A zone that forgets the end forgets it in the cluster's chain too: without a checkpoint nothing shows it.
        story.Blocks.RemoveRange(12, 5);
        story.Seal();
        Assert.Null(story.Verify().Report.Break);
        Assert.Equal(0, (await ShellVerifier.VerifyAsync(story)).Exit);
        Assert.Equal("tail-cut", story.Verify(before: checkpoint).Report.Break?.Code);
        Assert.Equal((1, "BROKEN     chain acme, position 12: tail-cut"), await ShellVerifier.VerifyAsync(story, "", file));
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
        Assert.DoesNotContain(lines, static line => line.Length > 160);
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
