using Broker.Actors;
using Broker.Dmz.Custody;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;

namespace Broker.Dmz.Customers;

/// <summary>
/// The tokens' part in a change of custody or a rotation: each wrap is there and was opened there again before anybody is answered; what
/// comes to nothing is removed, and so is what the commit superseded.
/// </summary>
internal sealed partial class CustomerKey
{
    private void KeepInTokens(CustodyChange change, EnrolledModel model, ReplyTo<Result<EnrolledModel>> replyTo)
    {
        change.Keeps(replyTo, model);
        foreach (var wrap in change.Setup.TokenWraps)
        {
            Context.PipeToSelf<Result<KeptWrap>>(
                _node.Tokens.KeepAsync(wrap, change.Setup.Challenge),
                result => new CustomerKeyMessage.ChangedWrapKept(change.Request.Hash, wrap.Way, result),
                _ => new CustomerKeyMessage.ChangedWrapKept(
                    change.Request.Hash, wrap.Way, new Refused(Codes.Internal, "the token failed; the node's log has the cause")));
        }
    }

    private void OnChangedWrapKept(CustomerKeyMessage.ChangedWrapKept message)
    {
        if (_change is not { } change || change.Request.Hash != message.Request)
        {
            // Given up meanwhile: its removal waits behind it.
            return;
        }

        var refused = message.Result.Value is { } kept
            ? change.Setup.Confirm(message.Way.Value, 0, kept.Answer)
            : message.Result.ToRefused();
        if (refused is not null)
        {
            _lastFailure = refused.Code;
            change.Refuse(refused);
            DropChange();
            return;
        }

        change.Kept();
        if (change.Setup.IsComplete)
        {
            _writer!.Tell(new WriterMessage.ChangeCustody(change.Change));
        }
    }

    private void RemoveFromTokens(CustodyChange change)
    {
        foreach (var wrap in change.Removes ? change.Setup.TokenWraps : [])
        {
            _ = _node.Tokens.RemoveAsync(WrapPlace.Of(wrap));
        }
    }

    // Each making has a place of its own, so nothing that counts is touched.
    private void RemoveSuperseded(CustodyRecord before, CustodyRecord now)
    {
        foreach (var way in before.Ways.Where(w => w.Way.Kind == WayKind.Hsm && now.Ways.All(n => n.Split != w.Split)))
        {
            _ = _node.Tokens.RemoveAsync(WrapPlace.Of(before, way));
        }
    }
}
