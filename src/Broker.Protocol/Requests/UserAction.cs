using Broker.Protocol.Directory;

namespace Broker.Protocol.Requests;

/// <summary>An action that a user can ask for.</summary>
/// <param name="Name">Its text in the request.</param>
/// <param name="Roles">Roles that may ask.</param>
/// <param name="Grave">Whether it needs as many administrators as the custody record says.</param>
public sealed record UserAction(string Name, IReadOnlyList<Role> Roles, bool Grave)
{
    /// <summary>Puts a new version of a credential. Moving it to another policy is grave: all its versions move.</summary>
    public static readonly UserAction PutCredential = new("put-credential", [Role.Administrator], Grave: false);

    /// <summary>Deletes a credential with all its versions.</summary>
    public static readonly UserAction DeleteCredential = new("delete-credential", [Role.Administrator], Grave: false);

    /// <summary>Puts the next version of a credential, which nobody gets before it is staged. Its policy stays.</summary>
    public static readonly UserAction PutNextVersion = new("put-next-version", [Role.Administrator], Grave: false);

    /// <summary>Lets launches that name the pending version have it.</summary>
    public static readonly UserAction StageVersion = new("stage-version", [Role.Administrator], Grave: false);

    /// <summary>Makes the staged version the current one, and may have it handed to agents that hold an earlier one.</summary>
    public static readonly UserAction PromoteVersion = new("promote-version", [Role.Administrator], Grave: false);

    /// <summary>Gives up the pending or staged version.</summary>
    public static readonly UserAction RetireVersion = new("retire-version", [Role.Administrator], Grave: false);

    /// <summary>Deletes the row of a retired version.</summary>
    public static readonly UserAction DeleteVersion = new("delete-version", [Role.Administrator], Grave: false);

    /// <summary>
    /// Sets a release policy. Widening one that exists is grave; a narrower or a new one is not, since nothing names it yet.
    /// </summary>
    public static readonly UserAction PutPolicy = new("put-policy", [Role.Administrator], Grave: false);

    /// <summary>Adds a user or changes role or key.</summary>
    public static readonly UserAction PutUser = new("put-user", [Role.Administrator], Grave: true);

    /// <summary>Removes a user.</summary>
    public static readonly UserAction RemoveUser = new("remove-user", [Role.Administrator], Grave: true);

    /// <summary>Lets an agent enrol with a one-time token.</summary>
    public static readonly UserAction InviteAgent = new("invite-agent", [Role.Administrator], Grave: false);

    /// <summary>Removes an agent.</summary>
    public static readonly UserAction RemoveAgent = new("remove-agent", [Role.Administrator], Grave: false);

    /// <summary>Hands credentials to an agent.</summary>
    public static readonly UserAction Launch = new("launch", [Role.Operator, Role.Administrator], Grave: false);

    /// <summary>Ends a use that an agent holds.</summary>
    public static readonly UserAction Release = new("release", [Role.Operator, Role.Administrator], Grave: false);

    /// <summary>Locks the customer; deliberately a single signature, since it fails safe.</summary>
    public static readonly UserAction Lock = new("lock", [Role.Administrator, Role.Operator], Grave: false);

    /// <summary>Lifts a lock, after the shares came.</summary>
    public static readonly UserAction LiftLock = new("lift-lock", [Role.Administrator], Grave: false);

    /// <summary>Changes how the customer's secret is kept: ways, custodians, k and n.</summary>
    public static readonly UserAction ChangeCustody = new("change-custody", [Role.Administrator], Grave: true);

    /// <summary>Makes a new secret for the customer, its next epoch.</summary>
    public static readonly UserAction Rotate = new("rotate", [Role.Administrator], Grave: true);

    /// <summary>Asks for a token to read metadata; causes no effect.</summary>
    public static readonly UserAction Login = new(
        "login", [Role.Administrator, Role.Operator, Role.Monitor, Role.Auditor], Grave: false);

    /// <summary>Every action: the table.</summary>
    public static IReadOnlyList<UserAction> All { get; } =
    [
        PutCredential, DeleteCredential, PutPolicy, PutUser, RemoveUser, InviteAgent, RemoveAgent, Launch, Release, Lock, LiftLock,
        ChangeCustody, Rotate, Login, PutNextVersion, StageVersion, PromoteVersion, RetireVersion, DeleteVersion,
    ];
}
