namespace Broker.Protocol.Ledger;

/// <summary>The states of a hand-off and of a use, as texts.</summary>
public static class HandOffState
{
    /// <summary>The intent is committed; the rows may be open in the key actor.</summary>
    public const string Released = "released";

    /// <summary>The agent says that it opened the envelope.</summary>
    public const string Acknowledged = "acknowledged";

    /// <summary>Not opened, says the agent or the policy.</summary>
    public const string Refused = "refused";

    /// <summary>Never left a key actor.</summary>
    public const string NotSent = "not-sent";

    /// <summary>May have arrived: treated as exposed, never repeated.</summary>
    public const string Unconfirmed = "unconfirmed";

    /// <summary>The use ended well; a hold was released or expired.</summary>
    public const string Used = "used";

    /// <summary>The use failed, says the agent.</summary>
    public const string UseFailed = "use-failed";

    /// <summary>The agent was lost before it told how the use ended.</summary>
    public const string UseUnknown = "use-unknown";

    /// <summary>Whether the state ends the hand-off.</summary>
    public static bool EndsHandOff(string state) => state is Acknowledged or Refused or NotSent or Unconfirmed;

    /// <summary>Whether the state ends the use.</summary>
    public static bool EndsUse(string state) => state is Used or UseFailed or UseUnknown;
}
