using Broker.Protocol.Encoding;

namespace Broker.Protocol.Directory;

/// <summary>What a user of a customer may do.</summary>
public enum Role
{
    /// <summary>Manages credentials, policies, users and agents, locks and lifts locks, may read the audit trail.</summary>
    Administrator,

    /// <summary>Launches.</summary>
    Operator,

    /// <summary>Reads the state of agents.</summary>
    Monitor,

    /// <summary>Reads the audit trail, and does nothing else.</summary>
    Auditor,
}

/// <summary>The texts of roles in statements and on the command line.</summary>
public static class Roles
{
    /// <summary>The text of a role.</summary>
    public static string ToText(this Role role) => role switch
    {
        Role.Administrator => "administrator",
        Role.Operator => "operator",
        Role.Monitor => "monitor",
        Role.Auditor => "auditor",
        _ => throw new ArgumentOutOfRangeException(nameof(role)),
    };

    /// <summary>Reads a role.</summary>
    /// <exception cref="MalformedException">No role has that text.</exception>
    public static Role Parse(string text) => text switch
    {
        "administrator" => Role.Administrator,
        "operator" => Role.Operator,
        "monitor" => Role.Monitor,
        "auditor" => Role.Auditor,
        _ => throw new MalformedException("role is not administrator, operator, monitor or auditor"),
    };
}
