using Broker.Actors;
using Broker.Protocol.Api;
using Broker.Protocol.Requests;
using Broker.Secrets;

namespace Broker.Dmz.Customers;

/// <summary>
/// A change of custody, or a rotation, that its holders are confirming. Until its commit nothing of it counts, and dropping it voids
/// what was sealed to them.
/// </summary>
/// <param name="request">The administrators' request.</param>
/// <param name="action">As which it was verified.</param>
/// <param name="setup">What was made; owned by this.</param>
/// <param name="secret">The secret of the next epoch, owned by this; null where the epoch stays.</param>
internal sealed class CustodyChange(SignedRequest request, UserAction action, CustodySetup setup, CustomerSecret? secret) : IDisposable
{
    /// <summary>The request.</summary>
    public SignedRequest Request => request;

    /// <summary>The action.</summary>
    public UserAction Action => action;

    /// <summary>What was made.</summary>
    public CustodySetup Setup => setup;

    /// <summary>The secret of the next epoch, until it is taken.</summary>
    public CustomerSecret? Secret { get; private set; } = secret;

    /// <summary>The change to commit.</summary>
    public Change.Custody Change { get; } = new(request, action, setup.Signed);

    /// <summary>Who asked and waits until the node's tokens have their wraps; null where nobody does.</summary>
    public (ReplyTo<Result<EnrolledModel>> ReplyTo, EnrolledModel Model)? Waiting { get; private set; }

    /// <summary>Wraps that tokens do not keep yet.</summary>
    public int Unkept { get; private set; }

    /// <summary>Whether what the tokens keep of it is to be removed when it is dropped.</summary>
    public bool Removes { get; private set; }

    /// <summary>Buffers of locked memory that this owns.</summary>
    public int Secrets => setup.Secrets + (Secret?.Secrets ?? 0);

    /// <summary>Hands the secret of the next epoch over.</summary>
    public CustomerSecret? TakeSecret()
    {
        var taken = Secret;
        Secret = null;
        return taken;
    }

    /// <summary>The tokens were asked to keep wraps of it; who asked for it waits.</summary>
    public void Keeps(ReplyTo<Result<EnrolledModel>> replyTo, EnrolledModel model) =>
        (Waiting, Unkept, Removes) = ((replyTo, model), setup.TokenWraps.Count, true);

    /// <summary>One more wrap is kept; with the last one the answer goes out.</summary>
    public void Kept()
    {
        if (--Unkept == 0)
        {
            Waiting?.ReplyTo.Tell(Waiting.Value.Model);
            Waiting = null;
        }
    }

    /// <summary>It is committed: what the tokens keep are ways now.</summary>
    public void Settle() => Removes = false;

    /// <summary>Answers who waits that it came to nothing.</summary>
    public void Refuse(Refused refused)
    {
        Waiting?.ReplyTo.Tell(refused);
        Waiting = null;
    }

    /// <summary>Wipes what was not taken.</summary>
    public void Dispose()
    {
        Refuse(new Refused(Codes.Busy, "the custody that was asked for was given up; ask again"));
        setup.Dispose();
        Secret?.Dispose();
        Secret = null;
    }
}
