using Broker.Dmz.Customers;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Custody;

/// <summary>What <c>/custody</c> understands.</summary>
internal abstract record WayOpenerMessage
{
    private WayOpenerMessage()
    {
    }

    /// <summary>Look at the tokens, then for customers that they can unlock.</summary>
    public sealed record Look : WayOpenerMessage;

    /// <summary>A token was looked at.</summary>
    public sealed record Looked(TokenWay Way) : WayOpenerMessage;

    /// <summary>A token opened a wrap, or not.</summary>
    /// <param name="Lead">For whom.</param>
    /// <param name="Wrap">Owned by the message.</param>
    public sealed record Opened(OpeningLead Lead, OpenedWrap Wrap) : WayOpenerMessage, IDisposable
    {
        /// <summary>Wipes the record.</summary>
        public void Dispose() => Wrap.Dispose();
    }

    /// <summary>The customer's key actor answered.</summary>
    public sealed record Given(OpeningLead Lead, Result<KeyStatus> Result) : WayOpenerMessage;
}

/// <summary>A locked customer that a token can unlock.</summary>
/// <param name="Refs">Its actors.</param>
/// <param name="Place">Its wrap.</param>
/// <param name="Custody">The custody record.</param>
/// <param name="State">Digest of what the zone says of it: while that stays, a failure for good stays one.</param>
internal sealed record OpeningLead(CustomerRefs Refs, WrapPlace Place, Signed Custody, Digest State);
