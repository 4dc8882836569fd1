namespace Broker.Protocol.Requests;

/// <summary>Why a signed request is not believed. The texts are stable codes: consoles, the ledger and tests know them.</summary>
public static class RequestRefusal
{
    /// <summary>The bytes are not the encoding of a request.</summary>
    public const string Malformed = "request-malformed";

    /// <summary>The request is for another cluster.</summary>
    public const string WrongCluster = "request-wrong-cluster";

    /// <summary>The request is for another customer.</summary>
    public const string WrongCustomer = "request-wrong-customer";

    /// <summary>The request names another action than it was sent for.</summary>
    public const string WrongAction = "request-wrong-action";

    /// <summary>The payload is not the one that was signed.</summary>
    public const string WrongPayload = "request-wrong-payload";

    /// <summary>The request's time is over.</summary>
    public const string Expired = "request-expired";

    /// <summary>The time is further ahead than a request may live.</summary>
    public const string TooFarAhead = "request-not-after-too-far";

    /// <summary>The requester is not in the directory.</summary>
    public const string UnknownUser = "request-unknown-user";

    /// <summary>A signature does not verify under the user's key.</summary>
    public const string BadSignature = "request-bad-signature";

    /// <summary>The user's role may not do this.</summary>
    public const string RoleForbids = "request-role-forbids";

    /// <summary>Another administrator has to sign too.</summary>
    public const string CoSignatureNeeded = "request-co-signature-needed";
}
