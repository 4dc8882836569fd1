using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
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
}
