namespace Broker.Agent.Session;

/// <summary>Why an envelope was not opened, or a link was ended, by this agent: stable codes.</summary>
internal static class RefusalCode
{
    /// <summary>The grant, and with it what may be received, is over; it is renewed first.</summary>
    internal const string GrantExpired = "grant-expired";

    /// <summary>The envelope came after its end.</summary>
    internal const string Expired = "expired";

    /// <summary>The fence is lower than one that was seen.</summary>
    internal const string FenceStale = "stale-fence";

    /// <summary>The customer gave its former identity up as compromised: the agent is invited and enrolled again.</summary>
    internal const string SuccessionBroken = "succession-broken";

    /// <summary>The message is for another customer.</summary>
    internal const string WrongCustomer = "wrong-customer";

    /// <summary>No credentials, more than 16, more than 4 MiB, or lengths that do not add up.</summary>
    internal const string EnvelopeMalformed = "envelope-malformed";

    /// <summary>The agent's configuration has no such use.</summary>
    internal const string UnknownUse = "unknown-use";

    /// <summary>The use cannot take just these credentials.</summary>
    internal const string CredentialsDoNotFit = "credentials-do-not-fit-use";

    /// <summary>As many hand-offs are in the use as may be.</summary>
    internal const string UseBusy = "use-busy";

    /// <summary>What it was to take the place of is not in use here, or of other credentials.</summary>
    internal const string NotHeld = "not-held";

    /// <summary>The use keeps what it has: its configuration says so.</summary>
    internal const string UseKeeps = "use-keeps";

    /// <summary>No locked memory, or no place in the journal, is free.</summary>
    internal const string Busy = "busy";

    /// <summary>The agent is stopping.</summary>
    internal const string Stopping = "stopping";

    /// <summary>Another attempt of this hand-off was seen, or this one was barred.</summary>
    internal const string HandOffSeen = "hand-off-seen";

    /// <summary>A frame that has no place where the session stands.</summary>
    internal const string UnexpectedFrame = "unexpected-frame";
}
