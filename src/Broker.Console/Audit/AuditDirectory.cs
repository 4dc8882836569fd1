using Broker.Protocol.Custody;
using Broker.Protocol.Directory;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Requests;
using Broker.Protocol.Statements;

namespace Broker.Console.Audit;

/// <summary>Users, policies and credentials of a customer as the chain says, block after block: enough to verify each request.</summary>
internal sealed class AuditDirectory(CustodyRecord custody)
{
    /// <summary>How much later than its not-after a request may stand in the ledger: clocks on both ways, and time on the way.</summary>
    public static readonly TimeSpan Late = TimeSpan.FromMinutes(10);

    private readonly Dictionary<Name, UserEntry> _users = [];
    private readonly Dictionary<Name, ReleasePolicy> _policies = [];
    private readonly Dictionary<Name, Name> _credentials = [];

    /// <summary>Administrators who sign what is grave: as the plan says, then as changes of custody say.</summary>
    public uint Required { get; set; }

    /// <summary>Requests verified.</summary>
    public ulong Verified { get; private set; }

    /// <summary>Enters the first administrators.</summary>
    public void Begin(EnrolmentPlan plan)
    {
        foreach (var administrator in plan.Administrators)
            _users[administrator.Name] = new UserEntry(
                custody.Cluster, custody.Customer, administrator.Name, Role.Administrator, administrator.Key);
    }

    /// <summary>The action of a request that changes the directory, or null.</summary>
    public static UserAction? ActionOf(SignedRequest signed)
    {
        var name = Statement.Read<Request>(signed.Statement.Span).Action;
        return UserAction.All.FirstOrDefault(a => a.Name == name && a != UserAction.Login && a != UserAction.Launch &&
            a != UserAction.Rotate);
    }

    /// <summary>Verifies a request as of now.</summary>
    /// <returns>Why it is not believed, or null.</returns>
    public string? Verify(SignedRequest signed, UserAction action, DateTimeOffset recorded)
    {
        var notAfter = Statement.Read<Request>(signed.Statement.Span).NotAfter;
        if (recorded - notAfter > Late)
            return RequestRefusal.Expired;
        // The exact time of the decision is not in the ledger: the request is held to its own.
        var at = notAfter < recorded ? notAfter : recorded;
        var refusal = RequestVerifier.Verify(
            signed, custody.Cluster, custody.Customer, action, u => _users.GetValueOrDefault(u),
                Math.Max(Required, Administrators(signed, action)),
            IsGrave(signed, action), at).Refusal;
        if (refusal is null)
            Verified++;
        return refusal;
    }

    /// <summary>Changes the directory as a verified request asks.</summary>
    public void Apply(UserAction action, SignedRequest signed)
    {
        var payload = signed.Payload.Span;
        switch (action.Name)
        {
            case "put-user":
                var user = Statement.Read<PutUserPayload>(payload);
                _users[user.User] = new UserEntry(custody.Cluster, custody.Customer, user.User, user.Role, user.Key);
                break;
            case "remove-user":
                _users.Remove(Statement.Read<NamePayload>(payload).Subject);
                break;
            case "put-policy":
                var policy = ToPolicy(Statement.Read<PutPolicyPayload>(payload));
                _policies[policy.Policy] = policy;
                break;
            case "put-credential":
                var put = Statement.Read<PutCredentialPayload>(payload);
                _credentials[put.Credential] = put.Policy;
                break;
            case "delete-credential":
                _credentials.Remove(Statement.Read<NamePayload>(payload).Subject);
                break;
        }
    }

    // As many sign as will be required.
    private static uint Administrators(SignedRequest signed, UserAction action) =>
        action == UserAction.ChangeCustody ? Statement.Read<ChangeCustodyPayload>(signed.Payload.Span).AdministratorsRequired
        : action == UserAction.Rotate ? Statement.Read<RotatePayload>(signed.Payload.Span).AdministratorsRequired : 0;

    // As the key actor decides: a policy that widens, a credential that moves to another policy.
    private bool IsGrave(SignedRequest signed, UserAction action)
    {
        if (action == UserAction.PutPolicy && Statement.Read<PutPolicyPayload>(signed.Payload.Span) is var policy)
            return _policies.TryGetValue(policy.Policy, out var old) && !old.Covers(ToPolicy(policy));
        return action == UserAction.PutCredential && Statement.Read<PutCredentialPayload>(signed.Payload.Span) is var put &&
            _credentials.TryGetValue(put.Credential, out var named) && named != put.Policy;
    }

    private ReleasePolicy ToPolicy(PutPolicyPayload put) =>
        new(custody.Cluster, custody.Customer, put.Policy, put.Agents, put.Labels, put.Uses, put.UserRoles);
}
