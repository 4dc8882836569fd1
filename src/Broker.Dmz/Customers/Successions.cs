using Broker.Protocol.Custody;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Dmz.Customers;

/// <summary>Signs that a customer's identity gives way to the next one, where both secrets are.</summary>
internal static class Successions
{
    /// <summary>The <see cref="SuccessionRecord"/>, signed by the new identity.</summary>
    /// <param name="next">The new secret, with the one before as its predecessor.</param>
    /// <param name="compromised">Whether the old identity does not sign.</param>
    public static Signed Make(CustomerSecret next, bool compromised)
    {
        var old = next.Predecessor!;
        var signed = old.Sign(new Succession(next.Cluster, next.Customer, next.Epoch, old.Identity, next.Identity, compromised));
        return next.Sign(new SuccessionRecord(
            signed.Statement, compromised ? ReadOnlyMemory<byte>.Empty : signed.Signature));
    }
}
