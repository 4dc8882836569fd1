namespace Broker.Configuration.Resolution;

/// <summary>One assignment to a key.</summary>
internal readonly record struct Assignment(HoconOrigin KeyOrigin, Node Node);

/// <summary>
/// An object as it was written: for each key all that was assigned to it, in order. Which of it counts is the resolver's.
/// </summary>
internal sealed record ObjectNode(HoconOrigin Origin) : Node(Origin)
{
    public OrderedDictionary<string, List<Assignment>> Assignments { get; } = [];

    /// <summary>Assigns along a path; objects are made for all keys but the last.</summary>
    public void Assign(ReadOnlySpan<string> path, HoconOrigin keyOrigin, Node node)
    {
        var target = this;
        foreach (var key in path[..^1])
        {
            var inner = new ObjectNode(keyOrigin);
            target.Add(key, new Assignment(keyOrigin, inner));
            target = inner;
        }
        if (node is MergeNode merge)
        {
            foreach (var layer in merge.Layers)
                target.Add(path[^1], new Assignment(keyOrigin, layer));
        }
        else
        {
            target.Add(path[^1], new Assignment(keyOrigin, node));
        }
    }

    private void Add(string key, Assignment assignment)
    {
        if (!Assignments.TryGetValue(key, out var all))
            Assignments.Add(key, all = []);
        all.Add(assignment);
    }
}
