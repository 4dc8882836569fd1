using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;

namespace Broker.Protocol.Directory;

/// <summary>What an entry under a customer's head is: its type and its id, which give the key of its leaf.</summary>
/// <param name="Type">One of the constants of this type.</param>
/// <param name="Id">The name; for a row <c>credential/version</c>, for a request <c>user/key</c>.</param>
public readonly record struct EntryKey(string Type, string Id)
{
    /// <summary>A <see cref="UserEntry"/>.</summary>
    public const string UserType = "user";

    /// <summary>A <see cref="Directory.Grant"/>.</summary>
    public const string GrantType = "grant";

    /// <summary>A <see cref="ReleasePolicy"/>.</summary>
    public const string PolicyType = "policy";

    /// <summary>A <see cref="CredentialEntry"/>.</summary>
    public const string CredentialType = "credential";

    /// <summary>A <see cref="StoredRow"/>.</summary>
    public const string RowType = "row";

    /// <summary>The custody record.</summary>
    public const string CustodyType = "custody";

    /// <summary>A <see cref="Protocol.Custody.SuccessionRecord"/>.</summary>
    public const string SuccessionType = "succession";

    /// <summary>A <see cref="RequestRecord"/>.</summary>
    public const string RequestType = "request";

    /// <summary>A <see cref="HandOverOrder"/>.</summary>
    public const string HandOverType = "hand-over";

    /// <summary>Each type.</summary>
    public static IReadOnlyList<string> Types { get; } =
        [UserType, GrantType, PolicyType, CredentialType, RowType, CustodyType, SuccessionType, RequestType, HandOverType];

    /// <summary>The key in the sparse Merkle tree: <c>SHA-256(enc("broker/leaf/1", type, id))</c>.</summary>
    public Digest LeafKey => new EncWriter("broker/leaf/1").Text(Type).Text(Id).Hash();

    /// <summary>The key of a user.</summary>
    public static EntryKey User(Name user) => new(UserType, user.Value);

    /// <summary>The key of an agent's grant.</summary>
    public static EntryKey Grant(Name agent) => new(GrantType, agent.Value);

    /// <summary>The key of a release policy.</summary>
    public static EntryKey Policy(Name policy) => new(PolicyType, policy.Value);

    /// <summary>The key of a credential's metadata.</summary>
    public static EntryKey Credential(Name credential) => new(CredentialType, credential.Value);

    /// <summary>The key of one version's row. <c>/</c> is in no identifier, so the text is unambiguous.</summary>
    public static EntryKey Row(Name credential, uint version) => new(RowType, $"{credential}/{version}");

    /// <summary>The key of the record of a committed request. <c>/</c> is in no identifier, so the text is unambiguous.</summary>
    public static EntryKey Request(Name user, Id16 idempotencyKey) => new(RequestType, $"{user}/{idempotencyKey}");

    /// <summary>The key of the custody record of an epoch.</summary>
    public static EntryKey Custody(uint epoch) => new(CustodyType, $"{epoch}");

    /// <summary>The key of the succession with which an epoch began.</summary>
    public static EntryKey Succession(uint epoch) => new(SuccessionType, $"{epoch}");

    /// <summary>The key of the hand-over of a credential that is under way.</summary>
    public static EntryKey HandOver(Name credential) => new(HandOverType, credential.Value);
}
