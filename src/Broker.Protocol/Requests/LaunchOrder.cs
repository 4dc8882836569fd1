using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Requests;

/// <summary>
/// What a hand-off is made by: a user's launch; or a promotion, with the launch that follows from it for one agent. Form only:
/// nothing is believed here.
/// </summary>
/// <param name="Request">What a user signed.</param>
/// <param name="Derived">The encoding of a <see cref="HolderLaunch"/>; empty for a launch.</param>
/// <param name="Launch">What is handed to whom.</param>
/// <param name="Promotion">The promotion; null for a launch.</param>
/// <param name="HandOff">The hand-off that follows from it.</param>
public sealed record LaunchOrder(
    SignedRequest Request, ReadOnlyMemory<byte> Derived, LaunchPayload Launch, PromotePayload? Promotion, Id16 HandOff)
{
    /// <summary>The action that the request has to be of.</summary>
    public UserAction Action => Promotion is null ? UserAction.Launch : UserAction.PromoteVersion;

    /// <summary>The hand-off that an agent is to put this one in the place of; zeros for a launch.</summary>
    public Id16 Replaces => Promotion is null ? default : Launch.Replaces;

    /// <summary>Reads what a hand-off is made by.</summary>
    /// <param name="request">What a user signed.</param>
    /// <param name="derived">The encoding of a <see cref="HolderLaunch"/>, or nothing.</param>
    /// <exception cref="MalformedException">The payload is not one, or the launch does not follow from the promotion.</exception>
    public static LaunchOrder Read(SignedRequest request, ReadOnlyMemory<byte> derived = default)
    {
        var payload = request.Payload.Span;
        if (derived.IsEmpty)
        {
            var launch = Statement.Read<LaunchPayload>(payload);
            return new LaunchOrder(request, derived, launch, null, HandOffId.Of(request.Hash, launch.Agent));
        }

        var promotion = Statement.Read<PromotePayload>(payload);
        var holder = Statement.Read<HolderLaunch>(derived.Span);
        return promotion.Covers(holder.Agent) &&
            holder.Items.Any(i => i.Credential == promotion.Credential) &&
            holder.Items.All(i => i.Credential != promotion.Credential || i.Version == promotion.Version)
            ? new LaunchOrder(request, derived, holder.Launch, promotion, HandOffId.Of(request.Hash, derived.Span))
            : throw new MalformedException("the launch does not follow from the promotion");
    }
}
