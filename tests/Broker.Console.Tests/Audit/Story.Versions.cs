using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Ledger;
using Broker.Protocol.Requests;

namespace Broker.Console.Tests.Audit;

/// <content>The steps of a credential's versions.</content>
internal sealed partial class Story
{
    /// <summary>The story goes on with a version that goes from pending to current, and one that is given up.</summary>
    public Story AndVersions()
    {
        Blocks.AddRange(
        [
            Change(PutNext(replaces: 1)), Change(Step(UserAction.StageVersion, 2)), Change(Promote(2, 1)),
            Change(Step(UserAction.DeleteVersion, 1)), Change(PutNext(replaces: 2), Step(UserAction.RetireVersion, 3)),
        ]);
        return this;
    }

    /// <summary>A version put as the next one.</summary>
    public SignedRequest PutNext(uint replaces) => Ask("alice", UserAction.PutNextVersion, new PutCredentialPayload(
        Name.Parse("key"), CredentialKind.Opaque, Name.Parse("web"), replaces, Digest.Zero).Encode());

    /// <summary>A step of one version.</summary>
    public SignedRequest Step(UserAction action, uint version, string user = "alice") =>
        Ask(user, action, new VersionPayload(Name.Parse("key"), version).Encode());

    /// <summary>A promotion.</summary>
    public SignedRequest Promote(uint version, uint replaces, bool handsOver = false, string user = "alice") => Ask(
        user, UserAction.PromoteVersion, new PromotePayload(Name.Parse("key"), version, replaces, handsOver, []).Encode());

    /// <summary>The story goes on with a promotion that hands over to who holds the version before.</summary>
    /// <param name="promoted">Whether the promotion is committed.</param>
    /// <param name="bend">Changes what follows from it.</param>
    /// <param name="id">Changes the hand-off's id.</param>
    public Story AndHandOver(bool promoted = true, Func<HolderLaunch, HolderLaunch>? bend = null, Func<Id16, Id16>? id = null)
    {
        var held = Ask("olga", UserAction.Launch, Launch(Agent));
        Blocks.AddRange([Intent(held, fence: 2, generation: 1, head: 6), Outcome(held, HandOffState.Acknowledged)]);
        Blocks.AddRange([Change(PutNext(replaces: 1)), Change(Step(UserAction.StageVersion, 2))]);
        var promotion = Promote(2, 1, handsOver: true);
        Blocks.Add(Change(promoted ? [promotion] : []));
        var launch = new HolderLaunch(
            Name.Parse(Agent), HandOffId.Of(held.Hash, Name.Parse(Agent)),
            [new LaunchItem(Name.Parse("key"), 2, Name.Parse("hold"))], 1);
        launch = bend?.Invoke(launch) ?? launch;
        var handOff = HandOffId.Of(promotion.Hash, launch.Encode());
        handOff = id?.Invoke(handOff) ?? handOff;
        var intent = new Intent(promotion.Hash, handOff, 1, 2, 1, 9, []);
        Blocks.AddRange(
        [
            (BlockKind.Intent, new IntentRecord(intent.Encode(), promotion.Encode()) { Launch = launch.Encode() }.Encode()),
            Ended(handOff, promotion, HandOffState.Acknowledged), Outcome(held, HandOffState.Used),
            Ended(handOff, promotion, HandOffState.Used),
        ]);
        return this;
    }

    private (string Kind, byte[] Body) Ended(Id16 handOff, SignedRequest request, string state) =>
        (BlockKind.Outcome, new SignedRecord(Secret.Sign(new Outcomes(
            Installation.Cluster, Customer, [new Outcome(handOff, 1, request.Hash, state, "", Time)]))).Encode());
}
