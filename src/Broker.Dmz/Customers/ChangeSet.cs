using Broker.Dmz.Node;
using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;
using Broker.Secrets;

namespace Broker.Dmz.Customers;

/// <summary>What became of one change: refused, or done with a version or a grant where it makes one.</summary>
internal readonly record struct ChangeResult(Refused? Refusal, uint Version, Signed? Grant)
{
    public static implicit operator ChangeResult(Refused refusal) => new(refusal, 0, null);
}

/// <summary>
/// The changes of one head, decided one after the other over the proven entries and what those before it changed. A refused
/// change leaves nothing.
/// </summary>
internal sealed partial class ChangeSet
{
    private readonly DmzContext _node;
    private readonly CustomerSecret _secret;
    private readonly CustodyRecord _custody;
    private readonly Dictionary<EntryKey, ProvenEntry> _proven;
    private readonly LeafCache _leaves;
    private readonly Dictionary<EntryKey, Signed?> _changed = [];
    private readonly DateTimeOffset _now;
    private readonly ulong _counter;

    /// <param name="node">Who decides.</param>
    /// <param name="secret">The customer's secret; it stays the caller's.</param>
    /// <param name="custody">The custody record.</param>
    /// <param name="proven">The entries that stand under the head.</param>
    /// <param name="leaves">Reads what was read before.</param>
    /// <param name="counter">Counter of the head that follows.</param>
    public ChangeSet(
        DmzContext node, CustomerSecret secret, CustodyRecord custody, Dictionary<EntryKey, ProvenEntry> proven, LeafCache leaves,
        ulong counter)
    {
        _counter = counter;
        _node = node;
        _secret = secret;
        _custody = custody;
        _proven = proven;
        _leaves = leaves;
        _now = node.Time.GetUtcNow();
    }

    private static ChangeResult Done => default;

    /// <summary>The entries that changed, with their new statement or null where they are removed.</summary>
    public IReadOnlyList<(EntryKey Key, Signed? Signed)> Entries() => [.. _changed.Select(c => (c.Key, c.Value))];

    /// <summary>Decides one change.</summary>
    public ChangeResult Apply(Change change)
    {
        try
        {
            return change switch
            {
                Change.ByUser c => Once(c.Request, () => ByUser(c)),
                Change.Enrolment c => Once(c.Invitation, () => Enrol(c)),
                Change.Renewal c => Renew(c),
                Change.Forget c => Forget(c),
                Change.Custody c => Once(c.Request, () => Custody(c)),
                Change.Rotation c => Reseal(c),
                Change.EndRotation c => EndRotation(c),
                Change.EndHandOver c => EndHandOver(c),
                _ => throw new ArgumentOutOfRangeException(nameof(change)),
            };
        }
        catch (MalformedException problem)
        {
            return new Refused(Codes.Malformed, problem.Message);
        }
        catch (SecretMemoryExhaustedException)
        {
            return new Refused(Codes.Busy, "the node's locked memory is full; try again, or raise broker.secrets.capacity");
        }
    }

    private ChangeResult ByUser(Change.ByUser change)
    {
        var verified = Verify(change.Request, change.Action, IsGrave(change));
        if (verified.Refusal is { } code)
        {
            return new Refused(code, "the request is not one that this customer's directory allows");
        }

        var request = verified.Request!;
        var payload = change.Request.Payload.Span;
        return change.Action.Name switch
        {
            "put-credential" =>
                Put(Statement.Read<PutCredentialPayload>(payload), request, change.Upload, VersionStage.Current),
            "put-next-version" => PutNext(Statement.Read<PutCredentialPayload>(payload), request, change.Upload),
            "stage-version" => StageVersion(Statement.Read<VersionPayload>(payload), request.User),
            "promote-version" => PromoteVersion(Statement.Read<PromotePayload>(payload), request, change.Request),
            "retire-version" => RetireVersion(Statement.Read<VersionPayload>(payload), request.User),
            "delete-version" => DeleteVersion(Statement.Read<VersionPayload>(payload)),
            "delete-credential" => DeleteCredential(Statement.Read<NamePayload>(payload)),
            "put-policy" => PutPolicy(Statement.Read<PutPolicyPayload>(payload)),
            "put-user" => PutUser(Statement.Read<PutUserPayload>(payload), change.Request),
            "remove-user" => RemoveUser(Statement.Read<NamePayload>(payload), change.Request),
            "remove-agent" => RemoveAgent(Statement.Read<NamePayload>(payload)),
            _ => new Refused(RequestRefusal.WrongAction, "this action changes no entry"),
        };
    }

    // Grave is what lets more out than before: a policy that widens, a credential that moves to another policy.
    private bool IsGrave(Change.ByUser change)
    {
        var payload = change.Request.Payload.Span;
        if (change.Action == UserAction.PutPolicy)
        {
            var put = Statement.Read<PutPolicyPayload>(payload);
            return Find<ReleasePolicy>(EntryKey.Policy(put.Policy)) is { } old && !old.Covers(ToPolicy(put));
        }

        if (change.Action == UserAction.PutCredential)
        {
            var put = Statement.Read<PutCredentialPayload>(payload);
            return Find<CredentialEntry>(EntryKey.Credential(put.Credential)) is { } old && old.Policy != put.Policy;
        }

        return false;
    }

    private VerifiedRequest Verify(SignedRequest request, UserAction action, bool grave, uint administrators = 0) =>
        RequestVerifier.Verify(
            request, _node.Cluster, _custody.Customer, action, user => Find<UserEntry>(EntryKey.User(user)),
            Math.Max(_custody.AdministratorsRequired, administrators), grave, _now);

    private ReleasePolicy ToPolicy(PutPolicyPayload put) =>
        new(_node.Cluster, _custody.Customer, put.Policy, put.Agents, put.Labels, put.Uses, put.UserRoles);

    /// <summary>An entry as it stands after the changes so far; null where there is none.</summary>
    /// <exception cref="MalformedException">The caller did not bring the entry, so that nothing is known of it.</exception>
    private T? Find<T>(EntryKey key)
        where T : class, IStatement<T>
    {
        if (_changed.TryGetValue(key, out var signed))
        {
            return signed?.Read<T>();
        }

        // Only a proven empty leaf is absence: an entry that is there and withheld must not look like one that never was.
        return _proven.TryGetValue(key, out var entry)
            ? entry.Leaf == Digest.Zero ? null : _leaves.Read<T>(entry) ?? throw new MalformedException(
                $"the {key.Type} entry was not brought")
            : throw new MalformedException($"the {key.Type} entry was not brought");
    }

    private void Set<T>(EntryKey key, T statement)
        where T : class, IStatement<T> => _changed[Brought(key)] = _secret.Sign(statement);

    private void Remove(EntryKey key) => _changed[Brought(key)] = null;

    private EntryKey Brought(EntryKey key) =>
        _proven.ContainsKey(key) ? key : throw new MalformedException($"the {key.Type} entry was not brought");
}
