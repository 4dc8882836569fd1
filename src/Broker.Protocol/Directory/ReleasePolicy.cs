using Broker.Protocol.Encoding;
using Broker.Protocol.Identifiers;
using Broker.Protocol.Statements;

namespace Broker.Protocol.Directory;

/// <summary>
/// To whom and for what a credential may be handed over. A policy that names neither agent nor label hands nothing over: the
/// credential is brokered only.
/// </summary>
/// <param name="Cluster">The installation.</param>
/// <param name="Customer">The customer.</param>
/// <param name="Policy">Its name; credentials name it.</param>
/// <param name="Agents">Agents that may receive.</param>
/// <param name="Labels">Labels, one of which suffices for an agent.</param>
/// <param name="Uses">Named uses that may be asked for.</param>
/// <param name="UserRoles">Roles that may ask.</param>
public sealed record ReleasePolicy(
    Name Cluster,
    Name Customer,
    Name Policy,
    IReadOnlyList<Name> Agents,
    IReadOnlyList<Name> Labels,
    IReadOnlyList<Name> Uses,
    IReadOnlyList<Role> UserRoles) : IStatement<ReleasePolicy>
{
    /// <summary>The policy of a credential that was put without one: brokered only. It is never stored.</summary>
    public static readonly Name Default = Name.Parse("brokered-only");

    private const string Label = "broker/policy/1";

    /// <inheritdoc/>
    public byte[] Encode() => new EncWriter(Label)
        .Name(Cluster).Name(Customer).Name(Policy).Names(Agents).Names(Labels).Names(Uses)
        .List(UserRoles, static (w, role) => w.Text(role.ToText())).ToArray();

    /// <inheritdoc/>
    public static ReleasePolicy Decode(ReadOnlySpan<byte> encoding)
    {
        var r = new EncReader(encoding, Label);
        var policy = new ReleasePolicy(
            r.Name(), r.Name(), r.Name(), r.Names(256), r.Names(64), r.Names(64),
            r.List(static (ref item) => Roles.Parse(item.Text()), 4));
        r.End();
        RefuseDefault(policy.Policy);
        return policy;
    }

    /// <summary>Why this policy does not let a credential go, in words that follow its name; null when it does.</summary>
    /// <param name="grant">The agent that would receive.</param>
    /// <param name="use">The named use that is asked for.</param>
    /// <param name="role">The role of who asks.</param>
    public string? Forbids(Grant grant, Name use, Role role) => this switch
    {
        _ when !Agents.Contains(grant.Agent) && !Labels.Any(grant.Labels.Contains) => "names neither the agent nor one of its labels",
        _ when !Uses.Contains(use) => $"does not allow the use {use}",
        _ when !UserRoles.Contains(role) => $"does not let a {role.ToText()} launch",
        _ => null,
    };

    /// <summary>
    /// Whether this policy allows everything that <paramref name="other"/> allows: then changing other into it widens or keeps.
    /// </summary>
    public bool Covers(ReleasePolicy other) =>
        other.Agents.All(Agents.Contains) && other.Labels.All(Labels.Contains) && other.Uses.All(Uses.Contains) &&
        other.UserRoles.All(UserRoles.Contains);

    /// <summary>A policy under the default's name would hand over every credential that was put without one.</summary>
    /// <exception cref="MalformedException">The name is <see cref="Default"/>.</exception>
    internal static void RefuseDefault(Name policy)
    {
        if (policy == Default)
        {
            throw new MalformedException("the policy brokered-only cannot be set; choose another name");
        }
    }
}
