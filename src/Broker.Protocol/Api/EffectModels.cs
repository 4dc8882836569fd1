namespace Broker.Protocol.Api;

/// <summary>Puts a credential: PUT /v1/customers/{customer}/credentials/{credential}.</summary>
/// <param name="Request">The signed <c>put-credential</c>.</param>
/// <param name="Upload">The credential sealed to the intake key.</param>
public sealed record PutCredentialModel(SignedRequestModel Request, byte[] Upload);

/// <summary>Answer to a change of rows or directory. The console keeps the head as a witness.</summary>
/// <param name="Version">The new version of a credential; 0 for other changes.</param>
/// <param name="Head">The head after the change.</param>
public sealed record ChangedModel(uint Version, SignedModel Head);

/// <summary>A hand-off: answer to a launch (202) and to GET /v1/customers/{customer}/hand-offs/{id}.</summary>
/// <param name="HandOff">32 hexadecimal digits.</param>
/// <param name="Agent">The agent.</param>
/// <param name="State">A state of the hand-off.</param>
/// <param name="UseState">A state of the use, or empty.</param>
/// <param name="Code">Why, where the state says that something went wrong.</param>
/// <param name="Attempt">The attempt, from 1.</param>
/// <param name="User">Who asked.</param>
/// <param name="Released">When the intent was committed.</param>
/// <param name="Updated">When the state last changed.</param>
public sealed record HandOffModel(
    string HandOff,
    string Agent,
    string State,
    string UseState,
    string Code,
    uint Attempt,
    string User,
    DateTimeOffset Released,
    DateTimeOffset Updated)
{
    /// <summary>For a hand-over of a promoted version: the hand-off in whose place it comes; else empty.</summary>
    public string Replaces { get; init; } = "";
}

/// <summary>Answer to a login: the token reads metadata and never causes an effect.</summary>
public sealed record TokenModel(string Token, DateTimeOffset Expires);
