using Broker.Protocol.Identifiers;

namespace Broker.Console.Tests.Audit;

public sealed class AuditSpecs
{
    [Fact]
    public void Honest_trail_should_verify_and_say_what_it_does_not_show()
    {
        using var story = new Story().Seal();
        var (report, checkpoint) = story.Verify();
        Assert.Null(report.Break);
        Assert.Equal((17UL, 2UL, 2, 0), (report.Blocks, report.ClusterBlocks, report.HandOffs, report.OpenHandOffs));
        Assert.Equal(9UL, report.Requests);
        Assert.False(report.IdentityPinned);
        Assert.Contains(report.NotChecked, static n => n.Contains("certificate", StringComparison.Ordinal));
        Assert.Equal((17UL, report.Hash), (checkpoint!.Blocks, checkpoint.Hash));
        Assert.Null(story.Verify(story.Secret.Identity.Fingerprint, checkpoint).Report.Break);
    }

    [Fact]
    public void Trail_of_two_administrators_should_verify()
    {
        using var story = new Story(administratorsRequired: 2).Seal();
        Assert.Null(story.Verify().Report.Break);
    }

    [Fact]
    public void Trail_that_grew_should_fit_its_old_checkpoint()
    {
        using var story = new Story();
        var all = story.Blocks.ToList();
        story.Blocks.RemoveRange(10, 7);
        // The cluster's chain has grown by another head since then.
        var before = story.Seal().Verify().Checkpoint! with
        {
            ClusterBlocks = 1,
            ClusterHash = Support.TestLedger.HashOf(story.Lines[0].Receipt).ToString(),
        };
        story.Blocks.AddRange(all[10..]);
        Assert.Null(story.Seal().Verify(before: before).Report.Break);
    }

    [Fact]
    public void Unknown_kinds_should_be_named_as_not_shown()
    {
        using var story = new Story();
        story.Blocks.Add(("weather", [1]));
        var report = story.Seal().Verify().Report;
        Assert.Null(report.Break);
        Assert.Contains(report.NotChecked, static n => n.Contains("weather", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Tampering.ByTheZone), MemberType = typeof(Tampering))]
    public void What_a_lying_zone_chains_and_signs_should_break_where_it_lies(string name, ulong position, string code)
    {
        using var story = new Story();
        Tampering.Of(name)(story);
        var report = story.Seal().Verify().Report;
        Assert.NotNull(report.Break);
        Assert.Equal(("acme", position, code), (report.Break.Chain, report.Break.Position, report.Break.Code));
    }

    [Theory]
    [MemberData(nameof(Tampering.InTheFile), MemberType = typeof(Tampering))]
    public void What_is_changed_in_the_file_should_break_where_it_was_changed(string name, string chain, ulong position, string code)
    {
        using var story = new Story().Seal();
        Tampering.Of(name)(story);
        var report = story.Verify().Report;
        Assert.NotNull(report.Break);
        Assert.Equal((chain, position, code), (report.Break.Chain, report.Break.Position, report.Break.Code));
    }

    [Fact]
    public void Checkpoints_should_show_a_cut_or_another_past()
    {
        using var story = new Story().Seal();
        var checkpoint = story.Verify().Checkpoint!;
        var another = story.Verify(before: checkpoint with { Blocks = 5 }).Report.Break!;
        Assert.Equal((4UL, "checkpoint-differs"), (another.Position, another.Code));
        var cut = story.Verify(before: checkpoint with { Blocks = 20 }).Report.Break!;
        Assert.Equal((17UL, "tail-cut"), (cut.Position, cut.Code));
        var cluster = story.Verify(before: checkpoint with { ClusterBlocks = 3 }).Report.Break!;
        Assert.Equal(("cluster", 2UL, "tail-cut"), (cluster.Chain, cluster.Position, cluster.Code));
    }

    [Fact]
    public void Trail_of_another_identity_than_the_pinned_one_should_be_refused()
    {
        using var story = new Story().Seal();
        var refused = Assert.Throws<Broker.Console.Shell.CommandException>(() => story.Verify(Digest.Of([1])));
        Assert.Equal("identity-not-pinned", refused.Code);
    }
}
