using Broker.Configuration.Resolution;

namespace Broker.Configuration.Syntax;

/// <summary>Section "Value concatenation": what values side by side make.</summary>
internal static class Concatenation
{
    /// <summary>Makes one node of the pieces of a value.</summary>
    /// <exception cref="SyntaxException">There is no piece, or an object stands beside something that is none.</exception>
    public static Node Of(HoconOrigin origin, List<Node> pieces)
    {
        if (pieces.Count == 0)
            throw new SyntaxException(origin, "a value is missing here");
        if (pieces.Count == 1)
            return pieces[0];
        if (!pieces.Exists(piece => piece is ObjectNode))
            return OfSimple(origin, pieces);

        var layers = new List<Node>();
        foreach (var piece in pieces)
        {
            switch (piece)
            {
                case SpaceNode:
                    break;
                case ObjectNode:
                    layers.Add(piece);
                    break;
                case ReferenceNode reference:
                    layers.Add(reference with { MustBeObject = true });
                    break;
                default:
                    throw new SyntaxException(piece.Origin, "an object and something else stand side by side; only objects can be merged");
            }
        }
        return new MergeNode(origin, layers);
    }

    private static Node OfSimple(HoconOrigin origin, List<Node> pieces)
    {
        if (pieces.TrueForAll(piece => piece is ScalarNode or SpaceNode))
        {
            var text = string.Concat(pieces.Select(piece => piece is SpaceNode space ? space.Text : ((ScalarNode)piece).Value.Text));
            return new ScalarNode(new HoconScalar(origin, HoconKind.Text, text));
        }
        if (pieces.Find(piece => piece is ScalarNode) is { } scalar && pieces.Exists(piece => piece is ArrayNode))
            throw new SyntaxException(scalar.Origin, "a list and something else stand side by side; only lists can be joined");
        return new ConcatenationNode(origin, pieces);
    }
}
