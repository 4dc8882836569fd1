namespace Broker.Configuration.Syntax;

/// <summary>Where in the document the content of a file goes.</summary>
/// <param name="Keys">The keys that lead there; none at the root, and none inside a list.</param>
/// <param name="Depth">How many objects and lists it is in.</param>
internal sealed record Prefix(IReadOnlyList<string> Keys, int Depth)
{
    public static Prefix Root { get; } = new([], 0);
}
