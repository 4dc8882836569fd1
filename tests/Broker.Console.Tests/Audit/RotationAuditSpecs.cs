using Broker.Console.Tests.Support;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;
using Broker.Secrets;

namespace Broker.Console.Tests.Audit;

/// <summary>Trails with changes of custody and with epochs.</summary>
public sealed class RotationAuditSpecs
{
    [Fact]
    public void A_changed_custody_should_be_what_administrators_asked_for()
    {
        using var story = new Story(administratorsRequired: 2);
        var request = Changed(story, "alice", "erin");
        story.Blocks.Add(story.Change(request));
        story.Custody = story.Custody with { Revision = 2, Plan = request.Hash };
        Assert.Null(story.Seal().Verify().Report.Break);

        story.Custody = story.Custody with { Plan = Digest.Zero };
        Assert.Equal("plan-of-another", story.Verify().Report.Break!.Code);
        story.Custody = story.Custody with { Plan = request.Hash, AdministratorsRequired = 1 };
        Assert.Equal("plan-not-echoed", story.Verify().Report.Break!.Code);
    }

    [Fact]
    public void A_custody_that_one_administrator_changed_should_not_be_believed()
    {
        using var story = new Story(administratorsRequired: 2);
        story.Blocks.Add(story.Change(Changed(story, "alice")));
        Assert.Equal(RequestRefusal.CoSignatureNeeded, story.Seal().Verify().Report.Break!.Code);
    }

    [Fact]
    public void A_rotation_should_verify_and_go_on_under_the_new_identity()
    {
        using var story = new Story(administratorsRequired: 2);
        using var next = Rotate(story);
        Assert.Null(story.Seal().Verify().Report.Break);
        Assert.Null(story.Verify(pin: story.Secret.Identity.Fingerprint).Report.Break);
        Assert.Null(story.Verify(pin: next.Identity.Fingerprint).Report.Break);
        Assert.DoesNotContain(story.Verify().Report.NotChecked, static n => n.Contains("kinds", StringComparison.Ordinal));
    }

    [Fact]
    public void A_rotation_that_the_old_identity_did_not_sign_should_not_be_believed_unless_it_was_given_up()
    {
        using var story = new Story(administratorsRequired: 2);
        using var forged = Rotate(story, withoutOld: true);
        Assert.Equal("succession-forged", story.Seal().Verify().Report.Break!.Code);

        using var other = new Story(administratorsRequired: 2);
        using var given = Rotate(other, compromised: true);
        Assert.Null(other.Seal().Verify().Report.Break);
    }

    [Fact]
    public void A_head_of_the_old_identity_after_a_rotation_should_break_the_trail()
    {
        using var story = new Story(administratorsRequired: 2);
        using var next = Rotate(story);
        story.Blocks.Add((BlockKind.Change, new ChangeRecord([], story.NextHead()).Encode()));
        Assert.Equal("head-forged", story.Seal().Verify().Report.Break!.Code);
    }

    private static CustomerSecret Rotate(Story story, bool compromised = false, bool withoutOld = false)
    {
        var next = story.Secret.Succeed(SystemRandom.Fill);
        var ways = story.Custody.Ways.Select(static w => w.Way).ToList();
        var request = story.Ask("alice", UserAction.Rotate, new RotatePayload(ways, true, 2, 2, compromised).Encode(), "erin");
        var succession = TestCustomer.Link(next, compromised);
        if (withoutOld)
        {
            var record = succession.ToSigned().Read<SuccessionRecord>();
            succession = SignedModel.From(next.Sign(record with { OldSignature = new byte[64] }));
        }

        var head = story.NextHead(next);
        story.Blocks.Add((BlockKind.Rotated, new RotationRecord(request.Encode(), succession.ToSigned(), head).Encode()));
        story.Blocks.Add((BlockKind.Rotation, new RotationIntent(2, 2, 1, story.Counter, [Digest.Zero]).Encode()));
        story.Blocks.Add((BlockKind.Change, new ChangeRecord([], story.NextHead(next)).Encode()));
        story.Blocks.Add((BlockKind.RotationEnded, new ChangeRecord([], story.NextHead(next)).Encode()));
        story.Custody = story.Custody with
        {
            Epoch = 2,
            Revision = 1,
            Identity = next.Identity,
            Intake = next.Intake,
            Plan = request.Hash,
        };
        (story.Signer, story.Successions) = (next, [succession]);
        return next;
    }

    private static SignedRequest Changed(Story story, params string[] signers) => story.Ask(
        signers[0], UserAction.ChangeCustody,
        new ChangeCustodyPayload([.. story.Custody.Ways.Select(static w => w.Way)], true, 2, 1, 1).Encode(), signers[1..]);
}
