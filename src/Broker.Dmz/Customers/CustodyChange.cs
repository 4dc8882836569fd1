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

    /// <summary>Buffers of locked memory that this owns.</summary>
    public int Secrets => setup.Secrets + (Secret?.Secrets ?? 0);

    /// <summary>Hands the secret of the next epoch over.</summary>
    public CustomerSecret? TakeSecret()
    {
        var taken = Secret;
        Secret = null;
        return taken;
    }

    /// <summary>Wipes what was not taken.</summary>
    public void Dispose()
    {
        setup.Dispose();
        Secret?.Dispose();
        Secret = null;
    }
}
