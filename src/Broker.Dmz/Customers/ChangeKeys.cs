using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Dmz.Customers;

/// <summary>Which entries the key actor needs to decide a change. Read from what was signed; nothing is believed here.</summary>
internal static class ChangeKeys
{
    /// <summary>The entries of one change, but for the rows of a deletion, which follow from the credential's entry.</summary>
    /// <exception cref="MalformedException">The change is not of its form.</exception>
    public static IEnumerable<EntryKey> Of(Change change) => change switch
    {
        Change.ByUser c => [.. Users(c.Request), Record(c.Request), .. Subject(c)],
        Change.Enrolment c =>
        [
            .. Users(c.Invitation), Record(c.Invitation),
            EntryKey.Grant(Statement.Read<InviteAgentPayload>(c.Invitation.Payload.Span).Agent),
        ],
        Change.Renewal c => [EntryKey.Grant(c.Agent)],
        Change.Forget c => c.Records,
        Change.Custody c => [.. Users(c.Request), Record(c.Request), .. Custody(c)],
        Change.Rotation c => c.Rows.Select(static r => r.Key),
        Change.EndHandOver c => [EntryKey.HandOver(c.Credential)],
        Change.EndRotation c => [EntryKey.Custody(c.Epoch)],
        _ => [],
    };

    private static IEnumerable<EntryKey> Custody(Change.Custody change)
    {
        var epoch = Statement.Read<CustodyRecord>(change.Record.Statement.Span).Epoch;
        return change.IsAlone ? [EntryKey.Custody(epoch), EntryKey.Succession(epoch)] : [EntryKey.Custody(epoch)];
    }

    /// <summary>The record by which a request that was committed before is known.</summary>
    /// <exception cref="MalformedException">What was signed is no request.</exception>
    public static EntryKey Record(SignedRequest signed)
    {
        var request = Statement.Read<Request>(signed.Statement.Span);
        return EntryKey.Request(request.User, request.IdempotencyKey);
    }

    /// <summary>The entries of those who signed.</summary>
    public static IEnumerable<EntryKey> Users(SignedRequest request) => request.Signatures.Select(s => EntryKey.User(s.User));

    /// <summary>The entries that a user's change is about.</summary>
    /// <exception cref="MalformedException">The payload is not of the action.</exception>
    public static IReadOnlyList<EntryKey> Subject(Change.ByUser change)
    {
        var payload = change.Request.Payload.Span;
        switch (change.Action.Name)
        {
            case "put-credential" or "put-next-version":
                var put = Statement.Read<PutCredentialPayload>(payload);
                if (put.Replaces == uint.MaxValue)
                {
                    throw new MalformedException("there is no version after that one");
                }

                var keys = new List<EntryKey>
                {
                    EntryKey.Credential(put.Credential),
                    EntryKey.Row(put.Credential, put.Replaces + 1),
                };
                if (put.Policy != ReleasePolicy.Default)
                {
                    keys.Add(EntryKey.Policy(put.Policy));
                }

                return keys;
            case "stage-version" or "retire-version":
                return [EntryKey.Credential(Statement.Read<VersionPayload>(payload).Credential)];
            case "promote-version":
                var promoted = Statement.Read<PromotePayload>(payload).Credential;
                return [EntryKey.Credential(promoted), EntryKey.HandOver(promoted)];
            case "delete-version":
                var version = Statement.Read<VersionPayload>(payload);
                return [EntryKey.Credential(version.Credential), EntryKey.Row(version.Credential, version.Version)];
            case "delete-credential":
                var deleted = Statement.Read<NamePayload>(payload).Subject;
                return [EntryKey.Credential(deleted), EntryKey.HandOver(deleted)];
            case "put-policy":
                return [EntryKey.Policy(Statement.Read<PutPolicyPayload>(payload).Policy)];
            case "put-user":
                return [EntryKey.User(Statement.Read<PutUserPayload>(payload).User)];
            case "remove-user":
                return [EntryKey.User(Statement.Read<NamePayload>(payload).Subject)];
            case "remove-agent":
                return [EntryKey.Grant(Statement.Read<NamePayload>(payload).Subject)];
            default:
                throw new MalformedException("this action changes no entry");
        }
    }
}
