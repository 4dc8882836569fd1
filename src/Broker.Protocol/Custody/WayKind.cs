using Broker.Protocol.Encoding;

namespace Broker.Protocol.Custody;

/// <summary>How a way of custody keeps a customer's secret outside memory. Each unlocks alone.</summary>
public enum WayKind
{
    /// <summary>Shamir shares, k of n, each sealed to a custodian.</summary>
    Shares,

    /// <summary>A wrap beside a key that does not leave an HSM of the nodes: unlocks without people.</summary>
    Hsm,

    /// <summary>A wrap that the customer keeps, to a key that the customer holds: a file, or the customer's own HSM.</summary>
    Key,
}

/// <summary>The texts of kinds in statements and on the command line.</summary>
public static class WayKinds
{
    /// <summary>The text of a kind.</summary>
    public static string ToText(this WayKind kind) => kind switch
    {
        WayKind.Shares => "shares",
        WayKind.Hsm => "hsm",
        WayKind.Key => "key",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>Reads a kind.</summary>
    /// <exception cref="MalformedException">No kind has that text.</exception>
    public static WayKind Parse(string text) => text switch
    {
        "shares" => WayKind.Shares,
        "hsm" => WayKind.Hsm,
        "key" => WayKind.Key,
        _ => throw new MalformedException("way of custody is not shares, hsm or key"),
    };
}
