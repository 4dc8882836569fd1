namespace Broker.Configuration.Resolution;

/// <summary>One thing that was assigned to a field.</summary>
/// <param name="Node">What.</param>
/// <param name="ParentLayer">The layer of the enclosing field that it stands in.</param>
/// <param name="KeyOrigin">Where its key stands.</param>
internal readonly record struct Layer(Node Node, int ParentLayer, HoconOrigin KeyOrigin);

/// <summary>
/// A field of the merged document that is not resolved yet: the stack of what was assigned to it, lowest first. The fields
/// below it are made when they are asked for, so that one can be resolved while the object around it is not.
/// </summary>
internal sealed class Field
{
    // Most fields need none of these.
    private Dictionary<string, Field>? _children;
    private Dictionary<int, Field>? _below;
    private Dictionary<int, HoconValue?>? _layerValues;

    public Field(Field? parent, IReadOnlyList<Layer> layers)
    {
        Parent = parent;
        Layers = layers;
        Identity = this;
    }

    private Field(Field whole, int count)
    {
        Parent = whole.Parent;
        Layers = [.. whole.Layers.Take(count)];
        Identity = whole.Identity;
    }

    public Field? Parent { get; }

    public IReadOnlyList<Layer> Layers { get; }

    /// <summary>The field itself, also for what <see cref="Below"/> returns.</summary>
    public Field Identity { get; }

    public bool IsBusy { get; set; }

    public bool IsResolved { get; private set; }

    public HoconValue? Value { get; private set; }

    public void Resolve(HoconValue? value)
    {
        IsResolved = true;
        Value = value;
    }

    public bool TryGetLayerValue(int layer, out HoconValue? value)
    {
        value = null;
        return _layerValues is not null && _layerValues.TryGetValue(layer, out value);
    }

    public void SetLayerValue(int layer, HoconValue? value) => (_layerValues ??= [])[layer] = value;

    /// <summary>The same field as it was before <paramref name="layer"/> was assigned.</summary>
    public Field Below(int layer)
    {
        var below = Identity._below ??= [];
        if (!below.TryGetValue(layer, out var field))
            below.Add(layer, field = new Field(Identity, layer));
        return field;
    }

    /// <summary>
    /// The field of a key, without layers if nothing can have assigned one. <paramref name="created"/> tells that it is new.
    /// </summary>
    public Field Child(string key, out bool created)
    {
        _children ??= [];
        created = !_children.TryGetValue(key, out var child);
        if (created)
            _children.Add(key, child = new Field(this, LayersOf(key)));
        return child!;
    }

    private List<Layer> LayersOf(string key)
    {
        var layers = new List<Layer>();
        for (var i = 0; i < Layers.Count; i++)
        {
            switch (Layers[i].Node)
            {
                case ObjectNode node:
                    if (node.Assignments.TryGetValue(key, out var assignments))
                        layers.AddRange(assignments.Select(assignment => new Layer(assignment.Node, i, assignment.KeyOrigin)));
                    break;
                case ScalarNode or ArrayNode:
                    layers.Clear();
                    break;
                default:
                    layers.Add(new Layer(new ProjectionNode(this, i, key, Layers[i].Node.Origin), i, Layers[i].KeyOrigin));
                    break;
            }
        }
        return layers;
    }
}
