namespace Broker.Configuration.Resolution;

/// <summary>A value as it was written, before substitution.</summary>
internal abstract record Node(HoconOrigin Origin);

internal sealed record ScalarNode(HoconScalar Value) : Node(Value.Origin);

internal sealed record ArrayNode(HoconOrigin Origin, IReadOnlyList<Node> Items) : Node(Origin);

/// <summary>Values side by side that make one text or one list.</summary>
internal sealed record ConcatenationNode(HoconOrigin Origin, IReadOnlyList<Node> Pieces) : Node(Origin);

/// <summary>Whitespace between two values; it counts only where they make a text.</summary>
internal sealed record SpaceNode(HoconOrigin Origin, string Text) : Node(Origin);

/// <summary>Values side by side of which one is an object, so that all must be; each is laid over those before it.</summary>
internal sealed record MergeNode(HoconOrigin Origin, IReadOnlyList<Node> Layers) : Node(Origin);

/// <summary>A substitution.</summary>
/// <param name="Origin">Where it stands.</param>
/// <param name="Prefix">The keys under which the file that has it was included: the path is tried under them first.</param>
/// <param name="Path">The keys as written.</param>
/// <param name="Optional">Whether it may be missing.</param>
/// <param name="MustBeObject">Whether it stands beside an object.</param>
internal sealed record ReferenceNode(
    HoconOrigin Origin, IReadOnlyList<string> Prefix, IReadOnlyList<string> Path, bool Optional, bool MustBeObject = false) : Node(Origin)
{
    public string Text => (Optional ? "${?" : "${") + HoconPath.Render(Path) + "}";
}

/// <summary>What the field was before this assignment: the left side of <c>+=</c>.</summary>
internal sealed record LookBackNode(HoconOrigin Origin) : Node(Origin);

/// <summary>What one key is in a layer of the enclosing field that has to be resolved first.</summary>
internal sealed record ProjectionNode(Field Parent, int Layer, string Key, HoconOrigin Origin) : Node(Origin);
