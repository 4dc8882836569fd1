using Broker.CredentialZone.Engine;
using Broker.CredentialZone.Store;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Merkle;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Operations;

/// <summary>Verifies users' requests against the customer's stored directory.</summary>
internal static class UserRequests
{
    /// <summary>Verifies a request for an action.</summary>
    /// <param name="context">The batch.</param>
    /// <param name="customer">The customer.</param>
    /// <param name="request">The request.</param>
    /// <param name="action">The action.</param>
    /// <param name="administrators">Administrators who sign what is grave, where that is more than the custody record says.</param>
    public static VerifiedRequest Verify(
        WriteContext context, CustomerRecord customer, SignedRequest request, UserAction action, uint administrators = 0) =>
        RequestVerifier.Verify(
            request, context.Cluster, customer.Customer, action, name => User(context, customer, name),
            Math.Max(administrators, customer.Custody.AdministratorsRequired), grave: false, context.Now);

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
        var key = EntryKey.User(name);
        var found = context.Entry(customer, key);

        // The entry was verified when it was committed; it is again, since a lock must not hang on who wrote into the tables. Its own
        // signature may be an earlier epoch's: what counts is that it stands under the head that the identity signed.
        var leaf = TreeHash.Leaf(key.LeafKey, found.Value);
        return found.Entry is { } entry && TreeProof.Parse(found.Proof.Span).LeadsTo(customer.Head.Root, key.LeafKey, leaf) &&
            customer.SignedHead.IsBy(customer.Custody.Identity)
            ? Statement.Read<UserEntry>(entry.Statement.Span)
            : null;
    }
}
