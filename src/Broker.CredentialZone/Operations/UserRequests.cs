using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Operations;

/// <summary>Verifies users' requests against the customer's stored directory.</summary>
internal static class UserRequests
{
    /// <summary>Verifies a request for an action.</summary>
    public static VerifiedRequest Verify(WriteContext context, CustomerRecord customer, SignedRequest request, UserAction action) =>
        RequestVerifier.Verify(
            request, context.Cluster, customer.Customer, action, name => User(context, customer, name),
            customer.Custody.AdministratorsRequired, grave: false, context.Now);

    /// <summary>Reads the payload of a request.</summary>
    /// <returns>Null when it is not one.</returns>
    public static T? Payload<T>(SignedRequest request)
        where T : class, IStatement<T>
    {
        try
        {
            return Statement.Read<T>(request.Payload.Span);
        }
        catch (MalformedException)
        {
            return null;
        }
    }

    private static UserEntry? User(WriteContext context, CustomerRecord customer, Name name)
    {
        var entry = context.Entry(customer, EntryKey.User(name)).Entry;

        // The entry was verified when it was committed; it is again, since a lock must not hang on who wrote into the tables.
        return entry is not null && customer.Custody.Identity.Verify(entry.Statement.Span, entry.Signature.Span)
            ? Statement.Read<UserEntry>(entry.Statement.Span)
            : null;
    }
}
