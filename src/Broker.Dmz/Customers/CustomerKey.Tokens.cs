using Broker.Actors;
using Broker.Dmz.Custody;
using Broker.Protocol.Api;
using Broker.Protocol.Custody;

namespace Broker.Dmz.Customers;

/// <summary>
/// The wraps of an enrolment that this node's tokens keep: each is there, and was opened there again, before the enrolment is answered;
/// of an enrolment that is given up none stays.
/// </summary>
internal sealed partial class CustomerKey
{
    private ReplyTo<Result<EnrolledModel>>? _enrolling;
    private int _unkept;
    private bool _removes;

    private Refused? VerifyTokens(IReadOnlyList<CustodyWay> ways)
    {
        foreach (var way in ways.Where(static w => w.Kind == WayKind.Hsm))
        {
            var seen = _node.Tokens.Ways.FirstOrDefault(t => t.Way == way.Way);
            if (seen is null)
            {
                return TokenProblem.Unknown(way.Way);
            }

            if (seen.Key is not { } key)
            {
                return seen.Problem;
            }

            if (!key.Equals(way.Holders[0].Key))
            {
                return TokenProblem.OtherKey(way.Way);
            }
        }

        return null;
    }

    private void KeepInTokens()
    {
        var (setup, turn) = (_setup!, _turn);
        (_removes, _unkept) = (true, setup.TokenWraps.Count);
        foreach (var wrap in setup.TokenWraps)
        {
            Context.PipeToSelf<Result<KeptWrap>>(
                _node.Tokens.KeepAsync(wrap, setup.Challenge),
                result => new CustomerKeyMessage.WrapKept(turn, wrap.Way, result),
                _ => new CustomerKeyMessage.WrapKept(
                    turn, wrap.Way, new Refused(Codes.Internal, "the token failed; the node's log has the cause")));
        }
    }

    private void OnWrapKept(CustomerKeyMessage.WrapKept message)
    {
        if (message.Turn != _turn || _state != KeyState.Enrolling || _setup is not { } setup)
        {
            // Given up meanwhile: its removal waits behind it.
            return;
        }

        var refused = message.Result.Value is { } kept ? setup.Confirm(message.Way.Value, 0, kept.Answer) : message.Result.ToRefused();
        if (refused is not null)
        {
            _lastFailure = refused.Code;
            Log.UnlockFailed(_log, _customer, refused.Code);
            _enrolling?.Tell(refused);
            _enrolling = null;
            Wipe("a token does not keep its wrap");
            return;
        }

        if (--_unkept > 0)
        {
            return;
        }

        _enrolling?.Tell(setup.Model);
        _enrolling = null;
        if (setup.IsComplete)
        {
            CommitEnrolment();
        }
    }

    private void RemoveFromTokens(CustodySetup setup)
    {
        if (!_removes)
        {
            return;
        }

        _removes = false;
        foreach (var wrap in setup.TokenWraps)
        {
            // Nobody waits for it: what cannot be removed now is removed when the token is back.
            _ = _node.Tokens.RemoveAsync(WrapPlace.Of(wrap));
        }
    }
}
