using Broker.Dmz.Customers;
using Broker.Dmz.Requests;
using Broker.Protocol.Identifiers;

namespace Broker.Dmz.HandOvers;

/// <summary>What the driver of a customer's hand-overs understands.</summary>
internal abstract record HandOverMessage
{
    private HandOverMessage()
    {
    }

    /// <summary>Look for orders under the head, and for agents that hold what they replace.</summary>
    public sealed record Look : HandOverMessage;

    /// <summary>An agent began a session: who waits for one looks again.</summary>
    public sealed record AgentHere : HandOverMessage;

    /// <summary>A hand-off to a holder has ended, or was never made.</summary>
    /// <param name="Credential">Of which order.</param>
    /// <param name="Counter">Of which order.</param>
    /// <param name="Replaces">What it was to replace.</param>
    /// <param name="Result">How.</param>
    public sealed record Ended(Name Credential, ulong Counter, Id16 Replaces, Result<LaunchProgress> Result) : HandOverMessage;

    /// <summary>The key and the zone have answered to the end of a hand-over.</summary>
    public sealed record Closed(Name Credential, Result<ChangeDone> Result) : HandOverMessage;
}
