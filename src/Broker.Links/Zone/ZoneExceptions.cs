namespace Broker.Links.Zone;

/// <summary>How a call to the zone failed. Which of the three it was decides what the caller may conclude about its effect.</summary>
public abstract class ZoneException : Exception
{
    private protected ZoneException(string code, string message, Exception? inner)
        : base(message, inner) => Code = code;

    /// <summary>A stable code.</summary>
    public string Code { get; }
}

/// <summary>The zone looked at the request and refused it: it had no effect, and the same request will be refused again.</summary>
public sealed class ZoneRefusedException : ZoneException
{
    /// <summary>Creates the error.</summary>
    /// <param name="code">The zone's code.</param>
    /// <param name="detail">What to do, for people.</param>
    public ZoneRefusedException(string code, string detail)
        : base(code, $"the zone refused: {code}: {detail}", null) => Detail = detail;

    /// <summary>What to do, for people.</summary>
    public string Detail { get; }
}

/// <summary>
/// The request certainly had no effect: no node of the zone was reached, or the one that was is busy. It may be sent again.
/// </summary>
public sealed class ZoneUnavailableException : ZoneException
{
    /// <summary>Creates the error.</summary>
    /// <param name="code"><c>zone-unreachable</c>, or the code with which the zone said that it is busy.</param>
    /// <param name="message">What happened.</param>
    /// <param name="inner">The cause, for logs.</param>
    public ZoneUnavailableException(string code, string message, Exception? inner)
        : base(code, message, inner)
    {
    }
}

/// <summary>
/// The request may have had its effect: it was sent, and no answer that can be believed came back. Never to be told as a refusal.
/// </summary>
public sealed class ZoneUnknownOutcomeException : ZoneException
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="inner">The cause, for logs.</param>
    public ZoneUnknownOutcomeException(string message, Exception? inner)
        : base("outcome-unknown", message, inner)
    {
    }
}
