namespace Broker.Dmz.Node;

/// <summary>The version of this node's software.</summary>
internal static class NodeVersion
{
    /// <summary>Major, minor and patch, as text to show.</summary>
    public static string Text { get; } = typeof(NodeVersion).Assembly.GetName().Version?.ToString(3) ?? "0";
}
