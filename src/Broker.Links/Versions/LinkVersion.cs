using System.Globalization;
using Broker.Protocol.Wire;

namespace Broker.Links.Versions;

/// <summary>
/// The version of what nodes and agents say to each other. Each end announces its own, in a header of every request and every answer of the
/// zone link and the peer link, and at the begin of an agent's link; ends that are further apart than one do nothing for each other. So
/// whoever writes version N is read by everybody it meets, as long as version N − 1 reads it already.
/// </summary>
public static class LinkVersion
{
    /// <summary>What this program speaks.</summary>
    public const uint Current = WireVersion.Current;

    /// <summary>What an end speaks that announces nothing: versions were announced from 2 on.</summary>
    public const uint Unannounced = 1;

    /// <summary>What an end speaks whose announcement cannot be read: next to none.</summary>
    public const uint Unreadable = uint.MaxValue;

    /// <summary>The header that announces it, a decimal number.</summary>
    public const string Header = "broker-link-version";

    /// <summary>The code of a refusal.</summary>
    public const string TooFar = "version-too-far";

    /// <summary>This program's announcement.</summary>
    public static string Text { get; } = Current.ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads an announcement.</summary>
    /// <param name="announced">The header's value; null or empty where there was none.</param>
    /// <returns>The version, from 1; <see cref="Unreadable"/> for what is none.</returns>
    public static uint Read(string? announced) => string.IsNullOrEmpty(announced) ? Unannounced
        : uint.TryParse(announced, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version > 0 ? version : Unreadable;

    /// <summary>Whether two versions may work with each other.</summary>
    /// <param name="theirs">What the other end announced.</param>
    /// <param name="own">This end's.</param>
    public static bool IsNear(uint theirs, uint own = Current) => theirs > 0 && (theirs >= own ? theirs - own : own - theirs) <= 1;

    /// <summary>What is told of a version that is too far away, and what to do.</summary>
    /// <param name="theirs">What the other end announced.</param>
    public static string Advice(uint theirs) => theirs == Unreadable ? $"announce the version of the link by a number: {Header}"
        : theirs > Current ? $"this node speaks version {Current} and you {theirs}: bring this one to version {theirs - 1} first"
        : $"this node speaks version {Current} and you {theirs}: upgrade by one version at a time";
}
