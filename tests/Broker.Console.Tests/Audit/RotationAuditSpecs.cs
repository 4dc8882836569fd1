using Broker.Protocol.Requests;
using Broker.Protocol.Transfer;

namespace Broker.Console.Tests.Audit;

/// <summary>Trails with changes of custody, with epochs and with transfers.</summary>
public sealed class RotationAuditSpecs
{
    [Fact]
    public void A_changed_custody_should_be_what_administrators_asked_for()
    {
        using var story = new Story(administratorsRequired: 2).AndCustodyChanged();
        Assert.Null(story.Seal().Verify().Report.Break);
    }

    [Fact]
    public void A_custody_that_one_administrator_changed_should_not_be_believed()
    {
        using var story = new Story(administratorsRequired: 2).AndCustodyChanged(signers: ["alice"]);
        Assert.Equal(RequestRefusal.CoSignatureNeeded, story.Seal().Verify().Report.Break!.Code);
    }

    [Fact]
    public void A_rotation_should_verify_and_go_on_under_the_new_identity()
    {
        using var story = new Story(administratorsRequired: 2).AndRotated();
        Assert.Null(story.Seal().Verify().Report.Break);
        Assert.Null(story.Verify(pin: story.Secret.Identity.Fingerprint).Report.Break);
        Assert.Null(story.Verify(pin: story.Newest.Identity.Fingerprint).Report.Break);
        Assert.DoesNotContain(story.Verify().Report.NotChecked, static n => n.Contains("kinds", StringComparison.Ordinal));
    }

    [Fact]
    public void A_rotation_that_gave_the_old_identity_up_should_verify_and_leave_its_pin_behind()
    {
        using var story = new Story(administratorsRequired: 2).AndRotated(compromised: true);
        Assert.Null(story.Seal().Verify().Report.Break);
        Assert.Null(story.Verify(pin: story.Newest.Identity.Fingerprint).Report.Break);
        Assert.Equal("identity-not-pinned", Assert.Throws<Broker.Console.Shell.CommandException>(
            () => story.Verify(pin: story.Secret.Identity.Fingerprint)).Code);
    }

    [Theory]
    [InlineData(AdmissionKind.Auto)]
    [InlineData(AdmissionKind.Ticket)]
    [InlineData(AdmissionKind.Statement)]
    public void A_transfer_should_be_verified_by_all_that_it_was_decided_by(string kind)
    {
        using var story = new Story().AndTransferred(new() { Kind = kind });
        var report = story.Seal().Verify().Report;
        Assert.Null(report.Break);
        Assert.DoesNotContain(report.NotChecked, static n => n.Contains("kinds", StringComparison.Ordinal));
        Assert.Equal(
            kind == AdmissionKind.Statement, report.NotChecked.Any(static n => n.Contains("admission list", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(CustodyTampering.All), MemberType = typeof(CustodyTampering))]
    public void What_a_lying_zone_says_of_custody_should_break_where_it_lies(string name, ulong position, string code)
    {
        using var story = CustodyTampering.Tell(name);
        var report = story.Verify().Report;
        Assert.NotNull(report.Break);
        Assert.Equal(("acme", position, code), (report.Break.Chain, report.Break.Position, report.Break.Code));
    }

    [Fact]
    public void What_widens_should_need_both_administrators()
    {
        foreach (var tell in new Func<Story, string[], Story>[] { static (s, by) => s.AndWider(by), static (s, by) => s.AndMoved(by) })
        {
            using var one = tell(new Story(administratorsRequired: 2), ["alice"]);
            Assert.Equal(RequestRefusal.CoSignatureNeeded, one.Seal().Verify().Report.Break!.Code);
            using var two = tell(new Story(administratorsRequired: 2), ["alice", "erin"]);
            Assert.Null(two.Seal().Verify().Report.Break);
        }
    }
}
