using Broker.CredentialZone.Store;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.CredentialZone.Operations;

/// <summary>Whether changes of entries are what their keys say, and are signed. What they mean is decided at the key, not here.</summary>
internal static class EntryCheck
{
    /// <summary>Checks that each statement is of the type and id of its key and of this customer, and that no key comes twice.</summary>
    public static StoreRefusal? Form(IReadOnlyList<EntryChange> changes, Name cluster, Name customer)
    {
        if (changes.Count > ZoneLimits.MaxChanges)
        {
            return new(RefusalCode.Malformed, $"more than {ZoneLimits.MaxChanges} changes in one commit");
        }

        var keys = new HashSet<EntryKey>();
        foreach (var change in changes)
        {
            if (!keys.Add(change.Key))
            {
                return new(RefusalCode.Malformed, "a commit changes an entry twice");
            }

            try
            {
                if (!(change.Statement is { } statement ? Fits(change, statement.Span, cluster, customer) : IsKey(change.Key)))
                {
                    return new(RefusalCode.EntryMismatch, $"a {change.Key.Type} entry is not what its key says");
                }
            }
            catch (MalformedException malformed)
            {
                return new(RefusalCode.Malformed, malformed.Message);
            }
        }

        return null;
    }

    /// <summary>Whether the identity key signed each entry; rows and records of requests carry no signature.</summary>
    public static bool AreSigned(IReadOnlyList<EntryChange> changes, PublicKey identity)
    {
        foreach (var change in changes)
        {
            var signed = change.Key.Type is EntryKey.RowType or EntryKey.RequestType || change.Statement is null
                ? change.Signature.IsEmpty
                : identity.Verify(change.Statement.Value.Span, change.Signature.Span);
            if (!signed)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsKey(EntryKey key) => EntryKey.Types.Contains(key.Type) && key.Id.Length <= 128;

    private static bool Fits(EntryChange change, ReadOnlySpan<byte> statement, Name cluster, Name customer)
    {
        var key = change.Key;
        switch (key.Type)
        {
            case EntryKey.UserType:
                var user = Statement.Read<UserEntry>(statement);
                return user.Cluster == cluster && user.Customer == customer && key == EntryKey.User(user.User);
            case EntryKey.GrantType:
                var grant = Statement.Read<Grant>(statement);
                return grant.Cluster == cluster && grant.Customer == customer && key == EntryKey.Grant(grant.Agent);
            case EntryKey.PolicyType:
                var policy = Statement.Read<ReleasePolicy>(statement);
                return policy.Cluster == cluster && policy.Customer == customer && key == EntryKey.Policy(policy.Policy);
            case EntryKey.CredentialType:
                var credential = Statement.Read<CredentialEntry>(statement);
                return credential.Cluster == cluster && credential.Customer == customer &&
                    key == EntryKey.Credential(credential.Credential);
            case EntryKey.RowType:
                var row = RowView.Read(statement);
                return row.IsOf(cluster, customer) && row.StandsAt(key);
            case EntryKey.CustodyType:
                var custody = Statement.Read<Protocol.Custody.CustodyRecord>(statement);
                return custody.Cluster == cluster && custody.Customer == customer && key == EntryKey.Custody(custody.Epoch);
            case EntryKey.SuccessionType:
                var succession = Statement.Read<Protocol.Custody.SuccessionRecord>(statement).Read();
                return succession.Cluster == cluster && succession.Customer == customer && key == EntryKey.Succession(succession.Epoch);
            case EntryKey.RequestType:
                var request = Statement.Read<RequestRecord>(statement);
                return request.Cluster == cluster && request.Customer == customer &&
                    key == EntryKey.Request(request.User, request.IdempotencyKey);
            case EntryKey.HandOverType:
                var order = Statement.Read<HandOverOrder>(statement);
                return order.Cluster == cluster && order.Customer == customer && key == EntryKey.HandOver(order.Credential);
            default:
                return false;
        }
    }
}
