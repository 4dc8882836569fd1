using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Api;

/// <summary>A signed statement in JSON; both members are base64.</summary>
public sealed record SignedModel(byte[] Statement, byte[] Signature)
{
    /// <summary>From the statement.</summary>
    public static SignedModel From(Signed signed) => new(signed.Statement.ToArray(), signed.Signature.ToArray());

    /// <summary>To the statement.</summary>
    public Signed ToSigned() => new(Statement, Signature);
}

/// <summary>A user's signature in JSON.</summary>
public sealed record UserSignatureModel(string User, byte[] Signature);

/// <summary>A signed request in JSON: the body of every call that has an effect.</summary>
public sealed record SignedRequestModel(byte[] Statement, byte[] Payload, IReadOnlyList<UserSignatureModel> Signatures)
{
    /// <summary>From the request.</summary>
    public static SignedRequestModel From(SignedRequest request) => new(
        request.Statement.ToArray(),
        request.Payload.ToArray(),
        [.. request.Signatures.Select(s => new UserSignatureModel(s.User.Value, s.Value.ToArray()))]);

    /// <summary>To the request.</summary>
    /// <exception cref="MalformedException">A user's name or a length is not valid.</exception>
    public SignedRequest ToRequest()
    {
        // The serializer refuses null for a member, not for an element of a list.
        if (Statement.Length > 4096 || Payload.Length > SignedRequest.MaxPayload || Signatures.Count is 0 or > 4 ||
            Signatures.Any(s => s is null || s.Signature.Length != PublicKey.SignatureLength))
        {
            throw new MalformedException("signed request is larger than allowed or a signature is not 64 bytes");
        }

        return new SignedRequest(
            Statement, Payload, [.. Signatures.Select(s => new UserSignature(Name.Parse(s.User), s.Signature))]);
    }
}
