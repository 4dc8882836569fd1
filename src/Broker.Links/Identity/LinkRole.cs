using System.Diagnostics.CodeAnalysis;

namespace Broker.Links.Identity;

/// <summary>What a certificate of the installation is for; the second part of its SPIFFE identity.</summary>
public enum LinkRole
{
    /// <summary>A node of the DMZ zone.</summary>
    Dmz,

    /// <summary>A node of the credential zone.</summary>
    Zone,

    /// <summary>A person's or program's client of the gateway.</summary>
    Console,

    /// <summary>A key that signs ledger blocks. Never a TLS peer.</summary>
    Ledger,

    /// <summary>The intermediate that signs agents' certificates. Never a TLS peer.</summary>
    AgentIssuer,

    /// <summary>An agent on a customer's instance.</summary>
    Agent,
}

/// <summary>The texts of <see cref="LinkRole"/>.</summary>
public static class LinkRoles
{
    private static readonly string[] Texts = ["dmz", "zone", "console", "ledger", "agent-issuer", "agent"];

    /// <summary>The role as it stands in certificates, configuration and logs.</summary>
    public static string Text(this LinkRole role) => Texts[(int)role];

    /// <summary>Whether a certificate of this role may open or accept a TLS link.</summary>
    public static bool IsPeer(this LinkRole role) => role is not (LinkRole.Ledger or LinkRole.AgentIssuer);

    /// <summary>Reads the text of a role.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out LinkRole role)
    {
        var index = Array.IndexOf(Texts, text);
        role = (LinkRole)Math.Max(index, 0);
        return index >= 0;
    }
}
