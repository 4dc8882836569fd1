using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Requests;

/// <summary>Outcome of a verification: a request, or the code of why not.</summary>
/// <param name="Request">The request, when it is believed.</param>
/// <param name="Requester">The directory's entry of who asked.</param>
/// <param name="Refusal">A code of <see cref="RequestRefusal"/>, or null.</param>
public readonly record struct VerifiedRequest(Request? Request, UserEntry? Requester, string? Refusal);

/// <summary>
/// Decides whether a signed request is what a user of the directory asked for. The key actor calls it before every effect, the
/// zone for locks, the gateway for logins.
/// </summary>
public static class RequestVerifier
{
    /// <summary>Longest life of a request.</summary>
    public static readonly TimeSpan MaxLife = TimeSpan.FromHours(24);

    /// <summary>How far clocks may be apart.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(2);

    /// <summary>Verifies form, addressee, time, signatures, role and number of signatures.</summary>
    /// <param name="signed">The request as received.</param>
    /// <param name="cluster">This installation.</param>
    /// <param name="customer">The customer whose directory decides.</param>
    /// <param name="action">The action for which it was received.</param>
    /// <param name="users">Looks a user up in the verified directory.</param>
    /// <param name="administratorsRequired">From the custody record; applies where <paramref name="grave"/>.</param>
    /// <param name="grave">Whether this instance of the action needs several administrators.</param>
    /// <param name="now">The time.</param>
    public static VerifiedRequest Verify(
        SignedRequest signed,
        Name cluster,
        Name customer,
        UserAction action,
        Func<Name, UserEntry?> users,
        uint administratorsRequired,
        bool grave,
        DateTimeOffset now)
    {
        Request request;
        try
        {
            request = Statement.Read<Request>(signed.Statement.Span);
        }
        catch (MalformedException)
        {
            return new(null, null, RequestRefusal.Malformed);
        }

        var refusal = request switch
        {
            _ when request.Cluster != cluster => RequestRefusal.WrongCluster,
            _ when request.Customer != customer => RequestRefusal.WrongCustomer,
            _ when request.Action != action.Name => RequestRefusal.WrongAction,
            _ when request.Payload != Digest.Of(signed.Payload.Span) => RequestRefusal.WrongPayload,

            // Arithmetic on our own time only: adding to the last date that there is overflows.
            _ when request.NotAfter < now - ClockSkew => RequestRefusal.Expired,
            _ when request.NotAfter > now + MaxLife + ClockSkew => RequestRefusal.TooFarAhead,
            _ => null,
        };
        if (refusal is not null)
        {
            return new(null, null, refusal);
        }

        if (Find(request.User) is not { } requester)
        {
            return new(null, null, RequestRefusal.UnknownUser);
        }

        if (signed.Signatures.Count == 0 || signed.Signatures[0].User != request.User ||
            !requester.Key.Verify(signed.Statement.Span, signed.Signatures[0].Value.Span))
        {
            return new(null, null, RequestRefusal.BadSignature);
        }

        if (!action.Roles.Contains(requester.Role))
        {
            return new(null, null, RequestRefusal.RoleForbids);
        }

        return Cosigners(signed, requester, Find, grave || action.Grave ? administratorsRequired : 0) is { } problem
            ? new(null, null, problem)
            : new(request, requester, null);

        // An entry is about whom it says, whatever it was found under.
        UserEntry? Find(Name name) =>
            users(name) is { } user && user.User == name && user.Customer == customer && user.Cluster == cluster ? user : null;
    }

    private static string? Cosigners(SignedRequest signed, UserEntry requester, Func<Name, UserEntry?> users, uint needed)
    {
        // Keys, not names: one person with two accounts is one administrator. An operator who asks is none.
        var administrators = new HashSet<Digest>();
        if (requester.Role == Role.Administrator)
        {
            administrators.Add(requester.Key.Fingerprint);
        }

        foreach (var signature in signed.Signatures.Skip(1))
        {
            if (users(signature.User) is not { } user)
            {
                return RequestRefusal.UnknownUser;
            }

            if (user.Role != Role.Administrator)
            {
                return RequestRefusal.RoleForbids;
            }

            if (!user.Key.Verify(signed.Statement.Span, signature.Value.Span))
            {
                return RequestRefusal.BadSignature;
            }

            administrators.Add(user.Key.Fingerprint);
        }

        return administrators.Count >= needed ? null : RequestRefusal.CoSignatureNeeded;
    }
}
