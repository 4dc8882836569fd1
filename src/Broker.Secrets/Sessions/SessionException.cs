namespace Broker.Secrets;

/// <summary>Why a message or a handshake of a session was refused: stable codes.</summary>
public static class SessionFailure
{
    /// <summary>The bytes are not what they claim to be.</summary>
    public const string Malformed = "session-malformed";

    /// <summary>The hello is for another cluster, customer, agent or key, or answers another hello.</summary>
    public const string WrongHello = "session-wrong-hello";

    /// <summary>The identity is not the one that is pinned.</summary>
    public const string WrongIdentity = "session-wrong-identity";

    /// <summary>A handshake signature does not verify.</summary>
    public const string BadSignature = "session-bad-signature";

    /// <summary>The message belongs to another session.</summary>
    public const string WrongTranscript = "session-wrong-transcript";

    /// <summary>The message is of the other direction, reflected.</summary>
    public const string WrongDirection = "session-wrong-direction";

    /// <summary>The message's number was used or skipped already: a replay.</summary>
    public const string Replayed = "session-replayed";

    /// <summary>The message is more than 256 ahead.</summary>
    public const string TooFarAhead = "session-too-far-ahead";

    /// <summary>The key commitment differs.</summary>
    public const string WrongKey = "session-wrong-key";

    /// <summary>The tag is not good.</summary>
    public const string Altered = "session-altered";

    /// <summary>The session has carried all the messages that it may.</summary>
    public const string Exhausted = "session-exhausted";
}

/// <summary>A message or handshake of a session was refused. The state has not moved.</summary>
public sealed class SessionException : Exception
{
    /// <summary>Creates the error.</summary>
    /// <param name="code">A constant of <see cref="SessionFailure"/>.</param>
    public SessionException(string code)
        : base(code) => Code = code;

    /// <summary>A constant of <see cref="SessionFailure"/>.</summary>
    public string Code { get; }
}
