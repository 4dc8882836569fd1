using Broker.Protocol.Directory;
using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Requests;

/// <summary>One credential of a launch and how it is to be used.</summary>
/// <param name="Credential">The credential.</param>
/// <param name="Version">The version; 0 is the latest.</param>
/// <param name="Use">A named use of the agent's own configuration.</param>
public sealed record LaunchItem(Name Credential, uint Version, Name Use);

/// <summary>Payload of <see cref="UserAction.Launch"/>: all of the credentials go to the agent, or none.</summary>
/// <param name="Agent">The agent.</param>
/// <param name="Items">1 to 16 credentials.</param>
/// <param name="Replaces">The hand-off that this one follows after <c>Unconfirmed</c>, or 16 zero bytes.</param>
public sealed record LaunchPayload(Name Agent, IReadOnlyList<LaunchItem> Items, Id16 Replaces) : IStatement<LaunchPayload>
{
    /// <summary>Most credentials in one hand-off.</summary>
    public const int MaxItems = 16;

    private const string Label = "broker/launch/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Agent)
        .List(Items, static (w, i) => w.Name(i.Credential).U32(i.Version).Name(i.Use)).Id(Replaces).ToArray();

    /// <inheritdoc/>
    public static LaunchPayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new LaunchPayload(
            r.Name(), r.List(static (ref i) => new LaunchItem(i.Name(), i.U32(), i.Name()), MaxItems), r.Id());
        r.End();
        return payload.Items.Count > 0 ? payload : throw new MalformedException("a launch names at least one credential");
    }
}

/// <summary>Payload of <see cref="UserAction.PutCredential"/>: what the sealed upload is bound to, and its hash.</summary>
/// <param name="Credential">The credential.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Policy">The release policy, or <see cref="ReleasePolicy.Default"/>.</param>
/// <param name="Replaces">The version that it replaces; 0 for a new credential.</param>
/// <param name="Ciphertext">SHA-256 of the sealed upload.</param>
public sealed record PutCredentialPayload(Name Credential, CredentialKind Kind, Name Policy, uint Replaces, Digest Ciphertext)
    : IStatement<PutCredentialPayload>
{
    private const string Label = "broker/put-credential/1";

    /// <summary>The HPKE <c>info</c> of an upload.</summary>
    public static byte[] Info(Name cluster, Name customer, uint epoch, PublicKey intake) =>
        new EncWriter("broker/upload/1").Name(cluster).Name(customer).U32(epoch).Digest(intake.Fingerprint).ToArray();

    /// <summary>The associated data of the upload.</summary>
    public static byte[] AssociatedData(
        Name credential, CredentialKind kind, Name policy, uint replaces, Name user, Id16 idempotencyKey) =>
        new EncWriter("broker/upload-aad/1").Name(credential).Text(kind.ToText()).Name(policy).U32(replaces).Name(user).Id(idempotencyKey)
            .ToArray();

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Credential).Text(Kind.ToText()).Name(Policy).U32(Replaces).Digest(Ciphertext).ToArray();

    /// <inheritdoc/>
    public static PutCredentialPayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new PutCredentialPayload(r.Name(), CredentialKinds.Parse(r.Text()), r.Name(), r.U32(), r.Digest());
        r.End();
        return payload;
    }
}

/// <summary>Payload of the actions that concern one named thing: delete a credential, remove a user or an agent.</summary>
/// <param name="Subject">The name.</param>
public sealed record NamePayload(Name Subject) : IStatement<NamePayload>
{
    private const string Label = "broker/name/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Subject).ToArray();

    /// <inheritdoc/>
    public static NamePayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new NamePayload(r.Name());
        r.End();
        return payload;
    }
}

/// <summary>Payload of <see cref="UserAction.PutUser"/>.</summary>
/// <param name="User">The user.</param>
/// <param name="Role">The role.</param>
/// <param name="Key">The user's signing key.</param>
public sealed record PutUserPayload(Name User, Role Role, PublicKey Key) : IStatement<PutUserPayload>
{
    private const string Label = "broker/put-user/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(User).Text(Role.ToText()).Key(Key).ToArray();

    /// <inheritdoc/>
    public static PutUserPayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new PutUserPayload(r.Name(), Roles.Parse(r.Text()), r.Key());
        r.End();
        return payload;
    }
}

/// <summary>Payload of <see cref="UserAction.PutPolicy"/>.</summary>
/// <param name="Policy">The policy's name.</param>
/// <param name="Agents">Agents that may receive.</param>
/// <param name="Labels">Labels, one of which suffices.</param>
/// <param name="Uses">Named uses.</param>
/// <param name="UserRoles">Roles that may ask.</param>
public sealed record PutPolicyPayload(
    Name Policy, IReadOnlyList<Name> Agents, IReadOnlyList<Name> Labels, IReadOnlyList<Name> Uses, IReadOnlyList<Role> UserRoles)
    : IStatement<PutPolicyPayload>
{
    private const string Label = "broker/put-policy/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Policy).Names(Agents).Names(Labels).Names(Uses)
        .List(UserRoles, static (w, role) => w.Text(role.ToText())).ToArray();

    /// <inheritdoc/>
    public static PutPolicyPayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new PutPolicyPayload(
            r.Name(), r.Names(256), r.Names(64), r.Names(64), r.List(static (ref item) => Roles.Parse(item.Text()), 4));
        r.End();
        ReleasePolicy.RefuseDefault(payload.Policy);
        return payload;
    }
}

/// <summary>Payload of <see cref="UserAction.InviteAgent"/>. The token is the seed of a key pair; only its public key is here.</summary>
/// <param name="Agent">The agent's name.</param>
/// <param name="Instance">The instance that is expected, a label until attestation exists.</param>
/// <param name="Labels">Labels that release policies may name.</param>
/// <param name="Token">Public key of the one-time token.</param>
/// <param name="NotAfter">End of the token's life, at most 15 minutes ahead.</param>
public sealed record InviteAgentPayload(
    Name Agent, string Instance, IReadOnlyList<Name> Labels, PublicKey Token, DateTimeOffset NotAfter) : IStatement<InviteAgentPayload>
{
    private const string Label = "broker/invite-agent/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Agent).Text(Instance).Names(Labels).Key(Token).Time(NotAfter).ToArray();

    /// <inheritdoc/>
    public static InviteAgentPayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new InviteAgentPayload(r.Name(), r.Text(), r.Names(64), r.Key(), r.Time());
        r.End();
        return payload;
    }
}

/// <summary>Payload of <see cref="UserAction.Lock"/> and <see cref="UserAction.LiftLock"/>.</summary>
/// <param name="Generation">For a lift, the lock generation that is lifted; for a lock, 0.</param>
/// <param name="Reason">A text for the audit trail.</param>
public sealed record LockPayload(ulong Generation, string Reason) : IStatement<LockPayload>
{
    private const string Label = "broker/lock/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).U64(Generation).Text(Reason).ToArray();

    /// <inheritdoc/>
    public static LockPayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new LockPayload(r.U64(), r.Text());
        r.End();
        return payload;
    }
}

/// <summary>Payload of <see cref="UserAction.Release"/>: the use of that hand-off ends, and what it held is wiped.</summary>
/// <param name="Agent">The agent that holds.</param>
/// <param name="HandOff">The hand-off.</param>
public sealed record ReleasePayload(Name Agent, Id16 HandOff) : IStatement<ReleasePayload>
{
    private const string Label = "broker/release/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).Name(Agent).Id(HandOff).ToArray();

    /// <inheritdoc/>
    public static ReleasePayload Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var payload = new ReleasePayload(r.Name(), r.Id());
        r.End();
        return payload;
    }
}

/// <summary>Payload of <see cref="UserAction.Login"/>: none.</summary>
public sealed record LoginPayload : IStatement<LoginPayload>
{
    private const string Label = "broker/login/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label).ToArray();

    /// <inheritdoc/>
    public static LoginPayload Decode(ReadOnlySpan<byte> encoding)
    {
        new EncReader(encoding, Label).End();
        return new LoginPayload();
    }
}
