namespace Broker.Secrets;

/// <summary>Why a token did not do what was asked.</summary>
public enum HsmFailure
{
    /// <summary>
    /// The token or its module refused for a reason that has no name of its own here; see <see cref="HsmException.Code"/>.
    /// </summary>
    Refused,

    /// <summary>The module cannot be loaded, is no PKCS#11 module, or cannot be used by several threads.</summary>
    ModuleUnusable,

    /// <summary>No slot holds the token that was named.</summary>
    TokenMissing,

    /// <summary>Several tokens have that name.</summary>
    TokenAmbiguous,

    /// <summary>The token is not initialized, has no user PIN, or its PIN has to be changed first.</summary>
    TokenNotReady,

    /// <summary>The token was taken out, the device failed, or the session is gone: open the token again.</summary>
    TokenLost,

    /// <summary>The PIN is not the token's.</summary>
    PinWrong,

    /// <summary>The token takes no PIN any more until its security officer resets it.</summary>
    PinLocked,

    /// <summary>A wrong PIN was given before; to spare the tries that are left, only a person logs in now.</summary>
    PinTriesLow,

    /// <summary>Something else in this process is logged in at the token, so that the PIN would not be checked.</summary>
    LoggedInElsewhere,

    /// <summary>No key has that name.</summary>
    KeyMissing,

    /// <summary>Several keys have that name.</summary>
    KeyAmbiguous,

    /// <summary>A key of that name is there already.</summary>
    KeyExists,

    /// <summary>The key can leave the token, may not derive, is not on P-256, or its public half is not there.</summary>
    KeyUnsuitable,

    /// <summary>The token offers no ECDH on P-256 whose result can be read.</summary>
    NotSupported,

    /// <summary>What the token keeps under the label is no wrap.</summary>
    WrapUnreadable,

    /// <summary>The token has no room.</summary>
    Full,

    /// <summary>Too many calls wait for this module.</summary>
    Busy,

    /// <summary>The module did not answer in time; what it was asked may still happen.</summary>
    Unresponsive,
}

/// <summary>What a token says of the tries at its PIN. Many say nothing until the last.</summary>
public enum HsmPinTries
{
    /// <summary>No wrong PIN since the last right one.</summary>
    Untouched,

    /// <summary>A wrong one was given.</summary>
    Low,

    /// <summary>One more wrong one locks the PIN.</summary>
    Last,

    /// <summary>The PIN is locked.</summary>
    Locked,
}
